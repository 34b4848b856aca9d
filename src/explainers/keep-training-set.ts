import { InvalidArgumentError } from '../errors.js'
import type { ArrayInput } from '../ndarray.js'
import { toNdArray } from '../ndarray.js'
import type { Progress } from '../options.js'
import type { Loss } from '../predictor.js'
import { createProjection } from './create-projection.js'
import { readInputs, type Inputs } from './inputs.js'
import { readLabels } from './labels.js'
import type { ModelCall } from './model-session.js'
import { isRowSource, type RowSource } from './row-source.js'
import { refuseKeeping, type SimilaritySettings } from './similarity-options.js'
import type { GivenTrainingRows } from './training-rows.js'
import type { GradientContext, TrainingExamples, TrainingSet } from './training-set.js'
import { holdGradients } from './training-set.js'

/**
 * Reads training examples that are given as arrays or raw items; those that are given as sources are read later, some at
 * a time, into a store.
 */
export async function readTraining<Value, Item>(
  xTrain: Inputs<Item> | RowSource<Inputs<Item>>,
  yTrain: ArrayInput | RowSource<ArrayInput>,
  call: ModelCall<Value>,
  loss: Loss<Value>,
  settings: SimilaritySettings,
): Promise<TrainingExamples | GivenTrainingRows<Item>> {
  if (isRowSource(xTrain) || isRowSource(yTrain)) {
    if (settings.store !== undefined) return { x: xTrain, y: yTrain }
    throw new InvalidArgumentError(
      isRowSource(xTrain) ? 'xTrain' : 'yTrain',
      'a source of rows, without a store',
      'arrays; or precomputeGrads with a store, into which rows are read some at a time',
    )
  }
  const { predictor } = call
  // Both are read before the first await ends, so that what the page does to its arrays later changes nothing.
  const [read, given] = await Promise.all([
    readInputs('xTrain', xTrain, predictor.inputs, predictor),
    toNdArray('yTrain', yTrain),
  ])
  const { rowCount, items } = read
  if (items !== null) refuseKeeping(settings)
  const y = await readLabels('yTrain', given, rowCount, loss, predictor.output)
  return { x: await read.arrays(call, settings.batchSize), y, items }
}

/** The training examples with their gradients, in memory or in the store. */
export async function keepTrainingSet<Value, Item>(
  given: TrainingExamples | GivenTrainingRows<Item>,
  context: GradientContext<Value>,
  settings: SimilaritySettings,
  report: (progress: Progress) => void,
): Promise<TrainingSet<Value>> {
  const { call, loss } = context
  const projection = await createProjection(settings.projection, call.predictor)
  const { store } = settings
  if ('items' in given && store === undefined) {
    return holdGradients({ ...context, ...given, projection }, report)
  }
  const training = await import('./open-training-store.js')
  const train =
    'items' in given
      ? training.rowsInMemory(given)
      : await training.readTrainingRows(given, call, loss, settings)
  await training.fillTrainingStore(store!, { ...context, projection }, train, settings, report)
  return training.openTrainingStore(store!, call, loss, settings)
}
