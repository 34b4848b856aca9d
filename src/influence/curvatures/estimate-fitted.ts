import {
  openTrainingRows,
  type TrainingSources,
} from '../../explainers/similarity/training-rows.js'
import type { GradientContext, TrainingExamples } from '../../explainers/similarity/training-set.js'
import type { Progress } from '../../options.js'
import { fitCurvature } from './fit-curvature.js'
import { FittedCurvature } from './fitted-curvature.js'
import { hashExamples } from './hash-examples.js'
import type { InfluenceSettings } from '../influence-options.js'
import { spreadRows } from './spread-rows.js'
import { readStored } from './stored-curvatures.js'

/**
 * Estimates the curvature of the model as it is, from examples. If the store has it already, from the same examples, it is
 * read.
 */
export async function estimateFitted<Value, Item>(
  examples: TrainingExamples | TrainingSources<Item>,
  context: GradientContext<Value>,
  settings: InfluenceSettings,
  report: (progress: Progress) => void,
): Promise<FittedCurvature<Value>> {
  const { call, loss } = context
  const weightsVersion = await call.weightsVersion()
  const all = await openTrainingRows(examples, undefined, call, loss, settings.similarity)
  const rows = spreadRows(all, settings.curvatureExamples)
  const { store } = settings.similarity
  const origin = {
    seed: settings.fisher === 'true' ? settings.seed : null,
    exampleCount: rows.exampleCount,
    // Only a store compares it, and it takes a tenth of a fit.
    examplesHash: store && (await hashExamples(rows, call)),
  }
  const stored = store && (await readStored(store, settings, context, origin))
  if (stored !== undefined) return stored
  const curvature = await fitCurvature(context, rows, settings, report)
  const fitted = await FittedCurvature.create(curvature, origin, context)
  await call.assertWeights(weightsVersion)
  return fitted
}
