import { openGradientStore } from '../gradients/open-gradient-store.js'
import type { ByteStore, WritableByteStore } from '../gradients/stores/byte-store.js'
import type { StreamLimits } from '../gradients/stream/stream-limits.js'
import { blockRows } from '../gradients/stream/block-rows.js'
import type { GradientWriter } from '../gradients/zarr/gradient-writer.js'
import { openGradientWriter } from '../gradients/zarr/open-writer.js'
import type { StoredFloat } from '../gradients/zarr/store-arrays.js'
import { rows } from '../ndarray.js'
import type { Progress } from '../options.js'
import type { Loss } from '../predictor.js'
import type { GradientBatches } from './gradient-blocks.js'
import { computedBlocks } from './gradient-blocks.js'
import { rowCountOf, rowsOf } from './inputs.js'
import { modelIdentity } from './model-identity.js'
import type { ModelCall } from './model-session.js'
import { StoredTrainingSet, assertSameExamples } from './stored-training-set.js'

/** Loaded when a store is first used. */
export const openTrainingStore = <Value>(
  store: ByteStore,
  call: ModelCall<Value>,
  loss: Loss<Value>,
  limits: StreamLimits,
): Promise<StoredTrainingSet<Value>> => StoredTrainingSet.open(store, call, loss, limits)

export interface FitStoreOptions {
  readonly dtype: StoredFloat
  readonly examples: boolean | string
  readonly rowsPerChunk: number | undefined
  readonly report: (progress: Progress) => void
}

/** Computes the gradients of all examples that are not in the store yet, and writes them there. */
export async function fillTrainingStore<Value>(
  store: WritableByteStore,
  batches: GradientBatches<Value>,
  { dtype, examples, rowsPerChunk, report }: FitStoreOptions,
): Promise<void> {
  const { call, x, y, loss } = batches
  const total = rowCountOf(x)
  const identity = await modelIdentity(call, loss)
  const writer = await openGradientWriter(store, {
    identity,
    rowCount: total,
    dtype,
    rowsPerChunk,
    exampleUrl: typeof examples === 'string' ? examples : undefined,
  })
  let failure: { readonly error: unknown } | undefined
  try {
    call.check()
    if (writer.rowsWritten > 0) {
      const { signal } = call
      const reader = await openGradientStore(store, { signal, maxByteLength: Infinity })
      await assertSameExamples(reader, x, y, signal)
      report({ phase: 'fit', done: writer.rowsWritten, total })
    }
    await writeRows(writer, batches, examples === true, report)
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
  batches: GradientBatches<Value>,
  withExamples: boolean,
  report: (progress: Progress) => void,
): Promise<void> {
  const { x, y, batchSize } = batches
  const { rowsWritten } = writer
  const total = writer.rows.end
  if (rowsWritten === total) return
  // A row's last bits may depend on those that it is computed with: the batches are those of an undisturbed run.
  const from = Math.floor(rowsWritten / batchSize) * batchSize
  for await (const { gradients, start, end } of computedBlocks(batches, from)) {
    let block, norms
    try {
      block = await gradients.read()
      norms = await gradients.squaredNorms()
    } finally {
      gradients[Symbol.dispose]()
    }
    const first = Math.max(start, rowsWritten)
    if (first < end) {
      await writer.append({
        block: blockRows(block, first - start, end - start),
        squaredNorms: norms.subarray(first - start),
        labels: rows(y, first, end),
        ...(withExamples ? { examples: rowsOf(x, first, end) } : {}),
      })
    }
    report({ phase: 'fit', done: end, total })
  }
}
