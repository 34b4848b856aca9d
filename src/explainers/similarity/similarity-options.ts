import { BatchSize, type BatchSizeOption } from '../session/batch-size.js'
import { type SimilarityName, similarityNames } from '../../compute/similarity.js'
import { InvalidArgumentError } from '../../errors.js'
import {
  type ProjectionOptions,
  type ProjectionSettings,
  readProjection,
} from '../../gradients/projection/projection-options.js'
import type { RowRange, WritableByteStore } from '../../store/bytes/byte-store.js'
import type { ArrayInput } from '../../array-input.js'
import {
  type CallOptions,
  describe,
  type DeviceChoice,
  deviceChoices,
  assertKnownKeys,
  readNonNegativeNumber,
  readChoice,
  readPositiveInteger,
} from '../../options.js'
import type { ParameterFilter } from '../session/parameters.js'
import type { ExampleSource } from '../reading/example-source.js'

const tasks = ['classification', 'regression'] as const

export const rankings = ['full', 'top'] as const

const storeDtypes = ['float32', 'float16'] as const

const optionNames: readonly (keyof GradientSimilarityOptions)[] = [
  'simFn',
  'task',
  'precomputeGrads',
  'store',
  'storeDtype',
  'storeExamples',
  'storeRowsPerChunk',
  'projection',
  'parameters',
  'maxBytes',
  'maxGpuBytes',
  'topK',
  'eps',
  'device',
  'batchSize',
  'verbose',
]

export interface GradientSimilarityOptions {
  /** How two gradients are compared. Default 'grad_dot'. */
  readonly simFn?: SimilarityName
  /** In classification a missing label is the predicted one; in regression it must be given. Default 'classification'. */
  readonly task?: (typeof tasks)[number]
  /** Store the training gradients at `fit`: explaining is then fast. Else each call computes them anew. Default false. */
  readonly precomputeGrads?: boolean
  /**
   * With `precomputeGrads`, where the training gradients go instead of into memory. A `fit` that was stopped goes on
   * where it stopped if it is called again with the same store, examples and `batchSize`. Without a store by default.
   */
  readonly store?: WritableByteStore | undefined
  /** How the store keeps numbers: exactly, or in half the room with eleven significant bits. Default 'float32'. */
  readonly storeDtype?: (typeof storeDtypes)[number]
  /**
   * Whether the store keeps the training examples; or their address, '{id}' standing for the row. Default true; for raw
   * items false, since only arrays can be kept.
   */
  readonly storeExamples?: boolean | string | undefined
  /** How many rows are written, and read, at once. As many as 16 MiB hold by default. */
  readonly storeRowsPerChunk?: number | undefined
  /**
   * With `precomputeGrads`, keeps of each training gradient no more than `size` numbers, by a seeded random projection: what
   * is compared are then estimates, whose quality `projectionQuality` of gradlens/evaluation measures. Exact by default.
   */
  readonly projection?: ProjectionOptions | undefined
  /**
   * Which parameters are compared, by their names: the last layers, say. Gradients of the others are not computed. A
   * store is bound to the chosen names. Default: all that are trainable.
   */
  readonly parameters?: ParameterFilter | undefined
  /** What gradients on their way from a store may take in the page and its workers. Default 256 MiB. */
  readonly maxBytes?: number
  /** What gradients from a store may take on the GPU. Default 256 MiB. */
  readonly maxGpuBytes?: number
  /** How many of the most and of the least similar examples come back. Default 5. */
  readonly topK?: number
  /** Added to each denominator; 1e-7 gives alibi's figures. Default 0. */
  readonly eps?: number
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Examples in one pass: more is faster, fewer let the page answer sooner. Default 32. */
  readonly batchSize?: BatchSizeOption
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

/** What explains from a store that is there already. */
export interface OpenSimilarityOptions
  extends
    Omit<
      GradientSimilarityOptions,
      | 'precomputeGrads'
      | 'store'
      | 'storeDtype'
      | 'storeExamples'
      | 'storeRowsPerChunk'
      | 'projection'
    >,
    Pick<CallOptions, 'signal'> {}

export interface PrecomputeOptions extends CallOptions {
  /** Which rows alone are written, whole chunks, beside other processes that write others. All by default. */
  readonly rows?: RowRange | undefined
  /** Which example each row is, an integer, by which explanations name it. The row's own index by default. */
  readonly ids?: ArrayInput | ExampleSource<ArrayInput> | undefined
}

/** Options with all defaults in place. */
export type SimilaritySettings = Omit<Required<GradientSimilarityOptions>, 'batchSize'> & {
  readonly batchSize: BatchSize
  readonly projection: ProjectionSettings | undefined
}

export interface SimilarityExplainOptions extends CallOptions {
  readonly topK?: number | undefined
  /** Another similarity function for this call; the gradients stay. */
  readonly simFn?: SimilarityName | undefined
  /** 'full' orders all training examples; 'top' keeps the topK most and least similar and no more. Default 'full'. */
  readonly ranking?: (typeof rankings)[number] | undefined
}

export const explainOptionNames: readonly (keyof SimilarityExplainOptions)[] = [
  'topK',
  'simFn',
  'ranking',
  'signal',
  'onProgress',
]

/** @throws InvalidArgumentError for an unknown option, or one that is not what it must be */
export function readSimilarityOptions(options: GradientSimilarityOptions): SimilaritySettings {
  assertKnownKeys('options', options, optionNames)
  const { store, precomputeGrads = false, storeExamples, storeRowsPerChunk } = options
  const { projection } = options
  if (store !== undefined && !precomputeGrads) {
    throw new InvalidArgumentError(
      'precomputeGrads',
      'false, with a store',
      'true, which fills the store; or GradientSimilarity.open, which explains from one',
    )
  }
  if (projection !== undefined && !precomputeGrads) {
    throw new InvalidArgumentError(
      'precomputeGrads',
      'false, with a projection',
      'true: gradients that are not kept need not be made smaller',
    )
  }
  if (typeof storeExamples === 'string' && !storeExamples.includes('{id}')) {
    throw new InvalidArgumentError(
      'storeExamples',
      describe(storeExamples),
      "true, false, or an address in which '{id}' stands for the row of an example",
    )
  }
  return {
    simFn: readChoice('simFn', options.simFn ?? 'grad_dot', similarityNames),
    task: readChoice('task', options.task ?? 'classification', tasks),
    precomputeGrads,
    store,
    storeDtype: readChoice('storeDtype', options.storeDtype ?? 'float32', storeDtypes),
    storeExamples,
    storeRowsPerChunk:
      storeRowsPerChunk === undefined
        ? undefined
        : readPositiveInteger('storeRowsPerChunk', storeRowsPerChunk),
    projection: projection === undefined ? undefined : readProjection(projection),
    parameters: options.parameters,
    maxBytes: readPositiveInteger('maxBytes', options.maxBytes ?? defaultMaxBytes),
    maxGpuBytes: readPositiveInteger('maxGpuBytes', options.maxGpuBytes ?? defaultMaxBytes),
    topK: readPositiveInteger('topK', options.topK ?? 5),
    eps: readNonNegativeNumber('eps', options.eps ?? 0),
    device: readChoice('device', options.device ?? 'auto', deviceChoices),
    batchSize: new BatchSize('batchSize', options.batchSize ?? 'auto', 32),
    verbose: options.verbose ?? false,
  }
}

/** @throws InvalidArgumentError if a store is to keep examples that are no arrays */
export function refuseStoringItems({
  store,
  storeExamples,
}: Pick<GradientSimilarityOptions, 'store' | 'storeExamples'>): void {
  if (store === undefined || storeExamples !== true) return
  throw new InvalidArgumentError(
    'storeExamples',
    'true, for raw items',
    "an address in which '{id}' stands for the row of an example; or false, and explanations have the rows",
  )
}

const defaultMaxBytes = 256 * 2 ** 20
