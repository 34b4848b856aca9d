import { DisposedError } from '../errors.js'
import type { RowRange, WritableByteStore } from '../gradients/stores/byte-store.js'
import type { ArrayInput } from '../ndarray.js'
import type { CallOptions } from '../options.js'
import type { Loss, Predictor } from '../predictor.js'
import { ComputeSession } from './compute-session.js'
import { createProjection } from './create-projection.js'
import type { Inputs } from './inputs.js'
import { checkLossName } from './labels.js'
import { ModelSession } from './model-session.js'
import { writeTrainingRows } from './open-training-store.js'
import { checkParameters } from './parameters.js'
import { progressReporter } from './progress.js'
import type { RowSource } from './row-source.js'
import type { GradientSimilarityOptions } from './similarity-options.js'
import { readSimilarityOptions, refuseKeeping } from './similarity-options.js'
import { readTrainingRows } from './training-rows.js'

export interface PrecomputeOptions
  extends
    CallOptions,
    Pick<
      GradientSimilarityOptions,
      | 'storeDtype'
      | 'storeExamples'
      | 'storeRowsPerChunk'
      | 'projection'
      | 'device'
      | 'batchSize'
      | 'verbose'
    > {
  /**
   * Which rows alone are written: whole chunks, beside other processes that write others. `mergeGradientStore` makes one
   * store of them. All rows by default.
   */
  readonly rows?: RowRange | undefined
  /** Which example each row is, an integer, by which explanations name it. Default: the row's index. */
  readonly ids?: ArrayInput | RowSource<ArrayInput> | undefined
}

/**
 * Writes the gradients of training examples into a store, as `fit` with a store does, for any page to explain from. What
 * was stopped goes on from its last whole chunk if it is called again with the same arguments.
 *
 * @param xTrain [n, …], a list of one array per model input, or a source of them that is read some rows at a time
 * @param yTrain n labels in the form that the loss takes, or a source of them
 * @throws as `fit`; StoreError also if others write the same rows, or have written other ranges over them
 * @example
 * await precomputeGradients(new FileSystemStore('digits.zarr'), predictor, 'categoricalCrossentropy', xTrain, yTrain, {
 *   rows: { start: 0, end: 50_000 },
 * })
 */
export async function precomputeGradients<Value, Item = never>(
  store: WritableByteStore,
  predictor: Predictor<Value, Item>,
  lossFn: Loss<Value>,
  xTrain: Inputs<Item> | RowSource<Inputs<Item>>,
  yTrain: ArrayInput | RowSource<ArrayInput>,
  { signal, onProgress, rows, ids, ...given }: PrecomputeOptions = {},
): Promise<void> {
  checkLossName(lossFn)
  const options = readSimilarityOptions({ ...given, precomputeGrads: true, store })
  const { batchSize, device, storeDtype, storeRowsPerChunk, verbose } = options
  // Of what preprocess takes, the store cannot keep the raw items.
  const storeExamples = options.storeExamples ?? predictor.preprocess === undefined
  const model = new ModelSession(predictor, device)
  const session = new ComputeSession<Value>()
  try {
    checkParameters(predictor)
    const call = model.begin(signal)
    const report = progressReporter('precomputeGradients', verbose, onProgress)
    const examples = { x: xTrain, y: yTrain, ids }
    const train = await readTrainingRows(examples, call, lossFn, batchSize, () => {
      refuseKeeping({ store, storeExamples })
    })
    const weightsVersion = await call.weightsVersion()
    const compute = await session.open(call)
    const projection = await createProjection(options.projection, call.predictor)
    const context = { call, compute, loss: lossFn, batchSize, projection }
    await writeTrainingRows(store, context, train, {
      dtype: storeDtype,
      examples: storeExamples,
      rowsPerChunk: storeRowsPerChunk,
      rows,
      report,
    })
    if ((await call.weightsVersion()) !== weightsVersion) {
      throw new DisposedError(
        "The model's weights changed while their gradients were being written; write to a new store.",
      )
    }
  } finally {
    session[Symbol.dispose]()
    model.dispose()
  }
}
