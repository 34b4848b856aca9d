import { openTrainingRows, type TrainingSources } from '../explainers/similarity/training-rows.js'
import type { GradientContext, TrainingExamples } from '../explainers/similarity/training-set.js'
import type { Progress } from '../options.js'
import { fitCurvature } from './fit-curvature.js'
import { FittedCurvature } from './fitted-curvature.js'
import type { InfluenceSettings } from './influence-options.js'

/** Estimates the curvature of the model as it is, from examples. */
export async function estimateFitted<Value, Item>(
  examples: TrainingExamples | TrainingSources<Item>,
  context: GradientContext<Value>,
  settings: InfluenceSettings,
  report: (progress: Progress) => void,
): Promise<FittedCurvature<Value>> {
  const { call, loss } = context
  const weightsVersion = await call.weightsVersion()
  const rows = await openTrainingRows(examples, undefined, call, loss, settings.similarity)
  const curvature = await fitCurvature(context, rows, settings, report)
  const fitted = await FittedCurvature.create(curvature, context)
  await call.assertWeights(weightsVersion)
  return fitted
}
