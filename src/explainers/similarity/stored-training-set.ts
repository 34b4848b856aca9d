import { StoreError } from '../../errors.js'
import { openGradientStore } from '../../store/open-gradient-store.js'
import type { ByteStore, RowRange } from '../../store/bytes/byte-store.js'
import { Projection } from '../../gradients/projection/projection.js'
import { GradientStream } from '../../store/stream/gradient-stream.js'
import { planStream, type StreamLimits } from '../../store/stream/stream-limits.js'
import type { GradientReader } from '../../store/zarr/reading/gradient-reader.js'
import { concatenateRows, type NdArray, takeRows } from '../../ndarray.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { PredictorSession } from '../../predictor.js'
import type { ModelCall } from '../session/model-session.js'
import { assertSameModel } from '../session/model-identity.js'
import type { TrainingRows } from './training-rows.js'
import {
  type GradientContext,
  groupArrays,
  type PickedExamples,
  type StoredNorms,
  groupLists,
  type TrainingPass,
  type TrainingSet,
} from './training-set.js'

/** Training examples whose gradients are in a store, and stream from there at each pass. */
export class StoredTrainingSet<Value> implements TrainingSet<Value> {
  readonly hasItems = false
  readonly keepsGradients = true
  readonly gradientBytes = 0
  readonly isOnDevice = false
  readonly projection: Projection | undefined
  readonly labelShape: readonly number[]
  readonly inputCount: number
  readonly #reader: GradientReader
  readonly #loss: ReadLoss<Value>
  readonly #limits: StreamLimits
  /** The version of the weights at which each session's model was found to be the store's. */
  readonly #verified = new WeakMap<PredictorSession<Value>, number>()

  /**
   * @throws StoreError if there is no store, it is not complete, or of another model, loss or parameter list
   */
  static async open<Value>(
    store: ByteStore,
    call: ModelCall<Value>,
    loss: ReadLoss<Value>,
    limits: StreamLimits,
  ): Promise<StoredTrainingSet<Value>> {
    const { signal } = call
    const reader = await openGradientStore(store, { signal })
    const { rowCount, totalRowCount } = reader
    if (rowCount < totalRowCount) {
      throw new StoreError(
        'missing',
        reader.isInRanges
          ? 'The store was written in ranges of rows that are not merged yet; `npx gradlens merge` makes it one.'
          : `The store holds ${rowCount} of ${totalRowCount} rows; fit with this store, and the same ` +
              'examples, to complete it.',
      )
    }
    const label = await reader.readLabels(0, 1, { signal })
    const set = new StoredTrainingSet(
      reader,
      label.shape.slice(1),
      call.predictor.inputs.length,
      loss,
      limits,
    )
    await set.assertModel(call, await call.weightsVersion())
    return set
  }

  private constructor(
    reader: GradientReader,
    labelShape: readonly number[],
    inputCount: number,
    loss: ReadLoss<Value>,
    limits: StreamLimits,
  ) {
    const { projection } = reader
    this.projection = projection === null ? undefined : Projection.fromPlan(projection)
    this.#reader = reader
    this.labelShape = labelShape
    this.inputCount = inputCount
    this.#loss = loss
    this.#limits = limits
  }

  get exampleCount(): number {
    return this.#reader.rowCount
  }

  retain(): void {
    // Nothing but memory of JavaScript's own.
  }

  [Symbol.dispose](): void {
    // As above.
  }

  async assertModel(call: ModelCall<Value>, weightsVersion: number): Promise<void> {
    const { session } = await call.opened()
    if (this.#verified.get(session) === weightsVersion) return
    await assertSameModel(call, this.#loss, this.#reader.identity)
    this.#verified.set(session, weightsVersion)
  }

  async pass({ call, backend }: GradientContext<Value>): Promise<TrainingPass> {
    const { session } = await call.opened()
    const isOnGpu = session.gpuDevice !== undefined
    const { maxBytes, maxGpuBytes } = this.#limits
    const target = { isOnGpu, keepsFloat16: backend.keepsFloat16 }
    const plan = planStream(this.#reader, { maxBytes, maxGpuBytes }, target)
    const stream = new GradientStream(this.#reader, backend, plan)
    return {
      blocks: stream.tiles(call.signal),
      usage: () => ({
        maxBytes,
        maxGpuBytes,
        peakBytes: stream.peakReadBytes + (isOnGpu ? 0 : stream.peakHeldBytes),
        peakGpuBytes: isOnGpu ? stream.peakHeldBytes : 0,
      }),
    }
  }

  async *readSquaredNorms(signal: AbortSignal | undefined): AsyncGenerator<StoredNorms> {
    const { rowCount, rowsPerChunk } = this.#reader
    for (let start = 0; start < rowCount; start += rowsPerChunk) {
      const end = Math.min(start + rowsPerChunk, rowCount)
      const squaredNorms = await this.#reader.readSquaredNorms(start, end, { signal })
      yield { squaredNorms, start, end }
    }
  }

  async pick(
    indices: Int32Array,
    testCount: number,
    signal: AbortSignal | undefined,
  ): Promise<PickedExamples> {
    const examples = await this.#readColumns(indices, (start, end) =>
      this.#reader.readExamples(start, end, { signal }),
    )
    if (examples !== null) return groupArrays(examples, testCount)
    const ids = await this.#readColumns(indices, async (start, end) => [
      await this.#reader.readIds(start, end, { signal }),
    ])
    const urls = Array.from(ids![0]!.data, (id) => this.#reader.formatExampleUrl(id))
    if (!urls.every((url) => url !== null)) return groupArrays(ids!, testCount)
    return groupLists(urls, testCount)
  }

  /** The columns of the rows of those indices, each chunk read once; null where the store has none. */
  async #readColumns(
    indices: Int32Array,
    read: (start: number, end: number) => Promise<readonly NdArray[] | null>,
  ): Promise<readonly NdArray[] | null> {
    const { rowsPerChunk } = this.#reader
    const wanted = [...new Set(indices)].sort((a, b) => a - b)
    const places = new Map(wanted.map((row, place) => [row, place]))
    const columns: NdArray[][] = []
    for (let at = 0; at < wanted.length;) {
      const start = wanted[at]!
      const chunk = Math.floor(start / rowsPerChunk)
      const inChunk = wanted.slice(at).filter((row) => Math.floor(row / rowsPerChunk) === chunk)
      const arrays = await read(start, inChunk.at(-1)! + 1)
      if (arrays === null) return null
      const local = inChunk.map((row) => row - start)
      for (const [i, array] of arrays.entries()) (columns[i] ??= []).push(takeRows(array, local))
      at += inChunk.length
    }
    const picks = Int32Array.from(indices, (row) => places.get(row)!)
    return columns.map((parts) => takeRows(concatenateRows(parts), picks))
  }
}

/**
 * That these are the examples of the store's rows, as far as it can tell: another training set of the same length must
 * not be taken for the one that was begun.
 *
 * @throws StoreError with failure `'different'`
 */
export async function assertSameExamples(
  reader: GradientReader,
  train: TrainingRows,
  range: RowRange,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { rowsPerChunk } = reader
  for (let start = range.start; start < range.end; start += rowsPerChunk) {
    const end = Math.min(start + rowsPerChunk, range.end)
    const { x, y, ids } = await train.read(start, end)
    const examples = await reader.readExamples(start, end, { signal })
    const pairs = [
      ['label', await reader.readLabels(start, end, { signal }), y] as const,
      ['label weight', await reader.readLabelFactors(start, end, { signal }), y.factors] as const,
      ...(ids === undefined
        ? []
        : [['id', await reader.readIds(start, end, { signal }), ids] as const]),
      ...(examples ?? []).map((array, i) => ['example', array, x[i]!] as const),
    ]
    for (const [what, stored, given] of pairs) {
      const [data, own] = [stored?.data ?? [], given?.data ?? []]
      const same = own.length === data.length
      const at = same ? data.findIndex((value, k) => value !== own[k]) : 0
      if (at < 0) continue
      const row = start + Math.floor((at * (end - start)) / Math.max(data.length, 1))
      throw new StoreError(
        'different',
        `The store was started with other training examples: the ${what} of row ${row} differs. Use those, or ` +
          'write to a store of another name.',
      )
    }
  }
}
