import { explainFailedImport } from '../../failed-import.js'
import { InvalidArgumentError } from '../../errors.js'
import type { Progress } from '../../options.js'
import { copyLabels, type LabelInput, requireLabels } from '../../losses/labels.js'
import type { ReadLoss } from '../../losses/loss.js'
import { createProjection } from './create-projection.js'
import { readInputs, type Inputs } from '../reading/inputs.js'
import { readLabels } from '../reading/labels.js'
import type { ModelCall } from '../session/model-session.js'
import { isExampleSource, type ExampleSource } from '../reading/example-source.js'
import { refuseStoringItems, type SimilaritySettings } from './similarity-options.js'
import type { TrainingSources } from './training-rows.js'
import {
  type GradientContext,
  type TrainingExamples,
  type TrainingSet,
  uploadGradients,
} from './training-set.js'

/**
 * Reads training examples that are given as arrays or raw items. Sources are read later, some rows at a time, into a
 * store.
 */
export async function readTraining<Value, Item>(
  xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
  yTrain: LabelInput | ExampleSource<LabelInput>,
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
  settings: SimilaritySettings,
): Promise<TrainingExamples | TrainingSources<Item>> {
  if (isExampleSource(xTrain)) {
    if (settings.store === undefined) throw createNoStoreError('xTrain')
    if (isExampleSource(yTrain)) return { x: xTrain, y: yTrain }
    return { x: xTrain, y: requireLabels('yTrain', await copyLabels('yTrain', yTrain)) }
  }
  if (isExampleSource(yTrain)) throw createNoStoreError('yTrain')
  const { predictor } = call
  // Both are read before the first await ends, so that what the page does to its arrays later changes nothing.
  const [read, given] = await Promise.all([
    readInputs('xTrain', xTrain, predictor.inputs, predictor),
    copyLabels('yTrain', yTrain),
  ])
  const { exampleCount, items } = read
  if (items !== null) refuseStoringItems(settings)
  const y = readLabels(
    'yTrain',
    requireLabels('yTrain', given),
    exampleCount,
    loss,
    predictor.output,
  )
  return { x: await read.arrays(call, settings.batchSize.most), y, items }
}

const createNoStoreError = (argument: string): InvalidArgumentError =>
  new InvalidArgumentError(
    argument,
    'a source of rows',
    argument === 'xTrain'
      ? 'arrays; or precomputeGrads with a store, into which rows are read some at a time'
      : 'arrays, as xTrain is; or a source of both',
  )

/** The training examples with their gradients, in memory or in the store. */
export async function keepTrainingSet<Value, Item>(
  given: TrainingExamples | TrainingSources<Item>,
  context: GradientContext<Value>,
  settings: SimilaritySettings,
  report: (progress: Progress) => void,
): Promise<TrainingSet<Value>> {
  const { call, loss } = context
  const { store } = settings
  if (store === undefined && 'items' in given) {
    const projection = await createProjection(settings.projection, call.predictor)
    return uploadGradients({ ...context, ...given, projection }, settings.mostKeptBytes, report)
  }
  const { openTrainingStore, writeTrainingSet } = await importStores()
  await writeTrainingSet(given, undefined, context, settings, report)
  return openTrainingStore(store!, call, loss, settings)
}

/** Loads what reads and writes training examples in stores. */
export const importStores = (): Promise<typeof import('./open-training-store.js')> =>
  import('./open-training-store.js').catch(explainFailedImport)
