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

/** The names of all options. */
export const similarityOptionNames: readonly (keyof GradientSimilarityOptions)[] = [
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

/** Options of GradientSimilarity. */
export interface GradientSimilarityOptions {
  /** How two gradients are compared. Default 'grad_dot'. */
  readonly simFn?: SimilarityName
  /** In classification a missing label is the predicted one; in regression it must be given. Default 'classification'. */
  readonly task?: (typeof tasks)[number]
  /** Compute the training gradients once, in `fit`, so that explaining is fast. Otherwise each call computes them. Default false. */
  readonly precomputeGrads?: boolean
  /**
   * With `precomputeGrads`, the place where the training gradients are written instead of memory. `fit` resumes an
   * unfinished store if it gets the same examples and `batchSize`. Default: none.
   */
  readonly store?: WritableByteStore | undefined
  /** The number format of the store: exact, or half the bytes with eleven significant bits. Default 'float32'. */
  readonly storeDtype?: (typeof storeDtypes)[number]
  /**
   * Whether the store contains the training examples; or the address of an example, in which '{id}' is replaced by its
   * row. Default true; false for raw items, because a store contains only arrays.
   */
  readonly storeExamples?: boolean | string | undefined
  /** How many rows a chunk has, which is written and read at once. Default: as many as fit into 16 MiB. */
  readonly storeRowsPerChunk?: number | undefined
  /**
   * With `precomputeGrads`, keeps at most `size` numbers per training gradient, by a seeded random projection. Scores are
   * then estimates; `projectionQuality` of gradlens/evaluation measures how good they are. Default: exact gradients.
   */
  readonly projection?: ProjectionOptions | undefined
  /**
   * Which parameters are compared, by their names: the last layers, say. Gradients of the others are not computed. A
   * store is bound to the chosen names. Default: all that are trainable.
   */
  readonly parameters?: ParameterFilter | undefined
  /**
   * The bytes that gradients may take in the page and its workers: those that are read from a store
   * at once, or those that `fit` keeps in memory. Default: 256 MiB from a store; in memory, as many
   * as there are.
   */
  readonly maxBytes?: number
  /** The bytes that gradients read from a store may take on the GPU. Default 256 MiB. */
  readonly maxGpuBytes?: number
  /** How many of the most and of the least similar examples come back. Default 5. */
  readonly topK?: number
  /** Added to each denominator; 1e-7 gives alibi's figures. Default 0. */
  readonly eps?: number
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /**
   * Examples in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 32, so that a pass of a large
   * model neither blocks the page for long nor takes gigabytes.
   */
  readonly batchSize?: BatchSizeOption
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

/** Options for explaining from an existing store. */
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

/** Options of `precompute`. */
export interface PrecomputeOptions extends CallOptions {
  /** The rows to write, in whole chunks, while other processes write the others. Default: all. */
  readonly rows?: RowRange | undefined
  /** An integer for each row, by which explanations name the example. Default: the row's index. */
  readonly ids?: ArrayInput | ExampleSource<ArrayInput> | undefined
}

/** Options with all defaults in place. */
export type SimilaritySettings = Omit<Required<GradientSimilarityOptions>, 'batchSize'> & {
  readonly batchSize: BatchSize
  readonly projection: ProjectionSettings | undefined
  /** `maxBytes` for gradients in memory. */
  readonly mostKeptBytes: number
}

/** Options of `explain` of GradientSimilarity. */
export interface SimilarityExplainOptions extends CallOptions {
  /**
   * How many of the most and of the least similar examples are returned. Default: that of the
   * explainer.
   */
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
  assertKnownKeys('options', options, similarityOptionNames)
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
      "true, false, or an address in which '{id}' is the index of an example",
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
    mostKeptBytes: options.maxBytes ?? Infinity,
    maxGpuBytes: readPositiveInteger('maxGpuBytes', options.maxGpuBytes ?? defaultMaxBytes),
    topK: readPositiveInteger('topK', options.topK ?? 5),
    eps: readNonNegativeNumber('eps', options.eps ?? 0),
    device: readChoice('device', options.device ?? 'auto', deviceChoices),
    batchSize: new BatchSize('batchSize', options.batchSize ?? 'auto', 32),
    verbose: options.verbose ?? false,
  }
}

/** @throws InvalidArgumentError if a store is to keep examples that aren't arrays */
export function refuseStoringItems({
  store,
  storeExamples,
}: Pick<GradientSimilarityOptions, 'store' | 'storeExamples'>): void {
  if (store === undefined || storeExamples !== true) return
  throw new InvalidArgumentError(
    'storeExamples',
    'true, for raw items',
    "an address in which '{id}' is the index of an example; or false, for explanations with the indices",
  )
}

const defaultMaxBytes = 256 * 2 ** 20
