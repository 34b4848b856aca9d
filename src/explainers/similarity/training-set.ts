import { isGradlensError, NotFittedError } from '../../errors.js'
import { explainFailedImport } from '../../failed-import.js'
import { CachedGradients } from './cached-gradients.js'
import type { Projection } from '../../gradients/projection/projection.js'
import type { Labels } from '../../losses/labels.js'
import { type NdArray, takeRows } from '../../ndarray.js'
import type { Progress } from '../../options.js'
import {
  computeBlocks,
  type GradientBatches,
  readCachedBlocks,
  streamBlocks,
  type PlacedGradients,
} from './gradient-blocks.js'
import { countExamples } from '../reading/inputs.js'
import type { ModelCall } from '../session/model-session.js'

/**
 * Some training examples, those of `indices` in [nTest, k]: arrays of them, one per model input; the raw items that
 * they were given as; or where they are to be found.
 */
export type PickedExamples = NdArray | readonly NdArray[] | readonly (readonly unknown[])[]

/** What computes, for one call. */
export type GradientContext<Value> = Omit<GradientBatches<Value>, 'x' | 'y'>

/** One pass over the gradients of all training examples. */
export interface TrainingPass {
  readonly blocks: AsyncIterable<PlacedGradients>
  /** What the pass took, for the explanation's parameters; known when it is over. */
  readonly usage: () => Readonly<Record<string, number>>
}

/** Training examples with their gradients, in memory or in a store. It lives until its last user disposes of it. */
export interface TrainingSet<Value> extends Disposable {
  readonly exampleCount: number
  readonly inputCount: number
  /** The shape of one label. */
  readonly labelShape: readonly number[]
  /** True if `pick` gives the raw items that the examples were given as. */
  readonly hasItems: boolean
  /** True if gradients are kept, and not computed by each pass. */
  readonly keepsGradients: boolean
  /** What gradients in memory occupy, in bytes. */
  readonly gradientBytes: number
  /** How the gradients that it keeps were projected, if they were: those of test examples have to be too. */
  readonly projection: Projection | undefined
  /** True if the gradients are on the device, and are lost with it. */
  readonly isOnDevice: boolean
  retain(): void
  /** @throws NotFittedError or StoreError if the gradients that it keeps are not those of the model as it is */
  assertModel(call: ModelCall<Value>, weightsVersion: number): Promise<void>
  pass(context: GradientContext<Value>): Promise<TrainingPass>
  /** Reads ‖g‖² of all training examples where they are stored, without the gradients. */
  readSquaredNorms?(signal: AbortSignal | undefined): AsyncIterable<StoredNorms>
  /** @param indices k for each of testCount examples, one after the other */
  pick(
    indices: Int32Array,
    testCount: number,
    signal: AbortSignal | undefined,
  ): Promise<PickedExamples>
}

/** ‖g‖² of the training examples from `start` to `end` − 1. */
export interface StoredNorms {
  readonly squaredNorms: Float64Array
  readonly start: number
  readonly end: number
}

interface KeptGradients {
  readonly gradients: CachedGradients
  readonly weightsVersion: number
  readonly projection: Projection | undefined
}

/** Examples whose gradients each pass computes, or that are kept in memory. */
export class ExamplesInMemory<Value> implements TrainingSet<Value> {
  readonly inputCount: number
  readonly #x: readonly NdArray[]
  readonly #items: readonly unknown[] | null
  readonly #y: Labels
  readonly #kept: KeptGradients | null

  constructor({ x, y, items }: TrainingExamples, kept: KeptGradients | null) {
    this.inputCount = x.length
    // What raw items were made into is needed for their gradients alone.
    this.#x = kept === null || items === null ? x : []
    this.#items = items
    this.#y = y
    this.#kept = kept
  }

  get exampleCount(): number {
    return this.#y.shape[0] ?? 0
  }

  get hasItems(): boolean {
    return this.#items !== null
  }

  get labelShape(): readonly number[] {
    return this.#y.shape.slice(1)
  }

  get keepsGradients(): boolean {
    return this.#kept !== null
  }

  get gradientBytes(): number {
    return this.#kept?.gradients.byteLength ?? 0
  }

  get projection(): Projection | undefined {
    return this.#kept?.projection
  }

  get isOnDevice(): boolean {
    return this.#kept !== null
  }

  retain(): void {
    this.#kept?.gradients.retain()
  }

  [Symbol.dispose](): void {
    this.#kept?.gradients[Symbol.dispose]()
  }

  assertModel(_call: ModelCall<Value>, weightsVersion: number): Promise<void> {
    if (this.#kept === null || this.#kept.weightsVersion === weightsVersion) {
      return Promise.resolve()
    }
    return Promise.reject(
      new NotFittedError(
        "the model's weights, or which of them are trainable, have changed since fit stored gradients; " +
          'call fit again.',
      ),
    )
  }

  pass(context: GradientContext<Value>): Promise<TrainingPass> {
    const blocks =
      this.#kept === null
        ? streamBlocks({ ...context, x: this.#x, y: this.#y })
        : readCachedBlocks(this.#kept.gradients, context.call)
    return Promise.resolve({ blocks, usage: () => ({}) })
  }

  pick(indices: Int32Array, testCount: number): Promise<PickedExamples> {
    const items = this.#items
    if (items !== null) {
      return Promise.resolve(
        groupLists(
          Array.from(indices, (row) => items[row]),
          testCount,
        ),
      )
    }
    return Promise.resolve(
      groupArrays(
        this.#x.map((array) => takeRows(array, indices)),
        testCount,
      ),
    )
  }
}

/** Examples with their labels, and the raw items that they were given as, if they were. */
export interface TrainingExamples {
  readonly x: readonly NdArray[]
  readonly y: Labels
  readonly items: readonly unknown[] | null
}

/**
 * Computes the gradients of the examples, to keep them in memory.
 *
 * @param mostBytes the most bytes that they may take
 * @throws InvalidArgumentError if they take more, after the first batch
 */
export async function uploadGradients<Value>(
  batches: GradientBatches<Value> & TrainingExamples,
  mostBytes: number,
  report: (progress: Progress) => void,
): Promise<ExamplesInMemory<Value>> {
  const { call, backend, x, projection } = batches
  const exampleCount = countExamples(x)
  const weightsVersion = await call.weightsVersion()
  const gradients = new CachedGradients()
  try {
    for await (const placed of computeBlocks(batches)) {
      gradients.append(placed.gradients)
      const bytesPerExample = gradients.byteLength / placed.end
      if (placed.start === 0 && exampleCount * bytesPerExample > mostBytes) {
        const { createLimitError } = await importChoices()
        throw await createLimitError({ call, exampleCount, first: placed.gradients }, mostBytes)
      }
      report({ phase: 'fit', done: placed.end, total: exampleCount })
    }
    await backend.settle()
    call.check()
    return new ExamplesInMemory(batches, { gradients, weightsVersion, projection })
  } catch (error) {
    const [first] = gradients.blocks
    try {
      call.check()
      if (first === undefined || !isGradlensError(error, 'MemoryError')) throw error
      const { describeShortage } = await importChoices()
      throw await describeShortage(error, { call, exampleCount, first })
    } finally {
      gradients[Symbol.dispose]()
    }
  }
}

const importChoices = (): Promise<typeof import('./estimate/memory-choices.js')> =>
  import('./estimate/memory-choices.js').catch(explainFailedImport)

/** Rows [nTest · k, …] as [nTest, k, …]; the array itself for a model of one input. */
export function groupArrays(rows: readonly NdArray[], testCount: number): PickedExamples {
  const picked = rows.map(({ data, shape: [count = 0, ...own] }) => ({
    data,
    shape: [testCount, count / testCount, ...own],
  }))
  return picked.length === 1 && picked[0] !== undefined ? picked[0] : picked
}

/** One value for each of [nTest, k] as lists. */
export function groupLists<One>(values: readonly One[], testCount: number): One[][] {
  const k = values.length / testCount
  return Array.from({ length: testCount }, (_, test) => values.slice(test * k, (test + 1) * k))
}
