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
import { fillTrainingStore, readTrainingRows } from './open-training-store.js'
import { checkParameters } from './parameters.js'
import { progressReporter } from './progress.js'
import type { RowSource } from './row-source.js'
import type { GradientSimilarityOptions } from './similarity-options.js'
import { readSimilarityOptions } from './similarity-options.js'

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
  { signal, onProgress, rows, ids, ...options }: PrecomputeOptions = {},
): Promise<void> {
  checkLossName(lossFn)
  const settings = readSimilarityOptions({ ...options, precomputeGrads: true, store })
  const { batchSize, device, verbose } = settings
  const model = new ModelSession(predictor, device)
  const session = new ComputeSession<Value>()
  try {
    checkParameters(predictor)
    const call = model.begin(signal)
    const report = progressReporter('precomputeGradients', verbose, onProgress)
    const train = await readTrainingRows({ x: xTrain, y: yTrain, ids }, call, lossFn, settings)
    const weightsVersion = await call.weightsVersion()
    const projection = await createProjection(settings.projection, predictor)
    const compute = await session.open(call)
    const context = { call, compute, loss: lossFn, batchSize, projection }
    await fillTrainingStore(store, context, train, settings, report, rows)
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
