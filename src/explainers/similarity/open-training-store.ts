import type { ArrayInput } from '../../array-input.js'
import type { ExampleSource } from '../reading/example-source.js'
import { BatchSize } from '../session/batch-size.js'
import { createProjection } from './create-projection.js'
import type { ByteStore, RowRange } from '../../store/bytes/byte-store.js'
import type { StreamLimits } from '../../store/stream/stream-limits.js'
import { sliceBlock } from '../../gradients/slice-block.js'
import type { GradientWriter } from '../../store/zarr/writing/gradient-writer.js'
import { openGradientWriter } from '../../store/zarr/writing/open-writer.js'
import { labelsOf } from '../../losses/labels.js'
import type { ReadLoss } from '../../losses/loss.js'
import { type NdArray, rows } from '../../ndarray.js'
import type { Progress } from '../../options.js'
import { computeBlocks } from './gradient-blocks.js'
import { rowsOf } from '../reading/inputs.js'
import { readModelIdentity } from '../session/model-identity.js'
import type { ModelCall } from '../session/model-session.js'
import { StoredTrainingSet, assertSameExamples } from './stored-training-set.js'
import type { SimilaritySettings } from './similarity-options.js'
import { openTrainingRows, type TrainingRows, type TrainingSources } from './training-rows.js'
import type { GradientContext, TrainingExamples } from './training-set.js'

/** Loaded when a store is first used. */
export const openTrainingStore = <Value>(
  store: ByteStore,
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
  limits: StreamLimits,
): Promise<StoredTrainingSet<Value>> => StoredTrainingSet.open(store, call, loss, limits)

/** Writes the gradients of the training examples, or of a range of them, into the store. */
export async function writeTrainingSet<Value, Item>(
  given: TrainingExamples | TrainingSources<Item>,
  ids: NdArray | ExampleSource<ArrayInput> | undefined,
  context: GradientContext<Value>,
  settings: SimilaritySettings,
  report: (progress: Progress) => void,
  range?: RowRange,
): Promise<void> {
  const projection = await createProjection(settings.projection, context.call.predictor)
  const rows = await openTrainingRows(given, ids, context.call, context.loss, settings)
  await fillTrainingStore({ ...context, projection }, rows, settings, report, range)
}

/**
 * Computes the gradients of all examples that are not in the store yet, and writes them there.
 *
 * @param range which rows alone are written
 */
async function fillTrainingStore<Value>(
  context: GradientContext<Value>,
  train: TrainingRows,
  settings: SimilaritySettings,
  report: (progress: Progress) => void,
  range?: RowRange,
): Promise<void> {
  const { call, loss, projection } = context
  const { storeExamples = !train.isRaw } = settings
  const store = settings.store!
  const identity = await readModelIdentity(call, loss)
  const writer = await openGradientWriter(store, {
    identity,
    rowCount: train.exampleCount,
    dtype: settings.storeDtype,
    rowsPerChunk: settings.storeRowsPerChunk,
    projection: projection?.settings,
    exampleUrl: typeof storeExamples === 'string' ? storeExamples : undefined,
    rows: range,
  })
  let failure: { readonly error: unknown } | undefined
  try {
    call.check()
    const { rows, rowsWritten, written } = writer
    if (written !== undefined && rowsWritten > rows.start) {
      const { signal } = call
      const { createReader } = await import('../../store/zarr/reading/open-reader.js')
      const reader = await createReader(store, written, { signal, maxByteLength: Infinity })
      await assertSameExamples(reader, train, { start: rows.start, end: rowsWritten }, signal)
      report({ phase: 'fit', done: rowsWritten - rows.start, total: rows.end - rows.start })
    }
    await writeRows(writer, context, train, storeExamples === true, report)
  } catch (error) {
    failure = { error }
  }
  try {
    await writer.close()
  } catch (error) {
    failure ??= { error }
  }
  call.check()
  if (failure !== undefined) throw failure.error
}

async function writeRows<Value>(
  writer: GradientWriter,
  context: GradientContext<Value>,
  train: TrainingRows,
  withExamples: boolean,
  report: (progress: Progress) => void,
): Promise<void> {
  const { projection, call } = context
  // What is projected here has its norms from before.
  const exact = { ...context, projection: undefined }
  const { rows: range, rowsWritten } = writer
  if (rowsWritten === range.end) return
  const batchSize = await context.batchSize.resolve(call, () =>
    train.read(rowsWritten, rowsWritten + 1),
  )
  let size = batchSize
  // A row's last bits may depend on those that it is computed with: the batches are those of an undisturbed run, and
  // of one that writes all rows.
  const from = Math.floor(rowsWritten / batchSize) * batchSize
  for (let first = from; first < range.end; first += batchSize) {
    const end = Math.min(first + batchSize, train.exampleCount)
    const { x, y, ids } = await train.read(first, end)
    let most = 0
    for await (const placed of computeBlocks({
      ...exact,
      batchSize: new BatchSize('batchSize', size, size),
      x,
      y,
    })) {
      most = Math.max(most, placed.end - placed.start)
      let block, norms
      try {
        block = await placed.gradients.read()
        norms = await placed.gradients.squaredNorms()
      } finally {
        placed.gradients[Symbol.dispose]()
      }
      // Within the block: those that are not in the store yet, and belong to the range.
      const skipped = Math.max(rowsWritten - first - placed.start, 0)
      const count = Math.min(range.end - first, placed.end) - placed.start
      if (skipped >= count) continue
      const [start, stop] = [placed.start + skipped, placed.start + count]
      const own = sliceBlock(block, skipped, count)
      const kept = (await projection?.project(own, () => call.pause())) ?? own
      const labels = labelsOf(y, start, stop)
      await writer.append({
        block: kept,
        projection: projection?.plan,
        squaredNorms: norms.subarray(skipped, count),
        labels,
        labelFactors: labels.factors,
        ...(ids === undefined ? {} : { ids: rows(ids, start, stop) }),
        ...(withExamples ? { examples: rowsOf(x, start, stop) } : {}),
      })
      report({ phase: 'fit', done: first + stop - range.start, total: range.end - range.start })
    }
    // Where memory did not suffice for a batch, it will not for the next one.
    size = Math.min(size, most)
  }
}
