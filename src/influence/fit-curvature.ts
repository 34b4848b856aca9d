import { CurvatureEstimator } from '../curvature/estimator.js'
import type { Curvature } from '../curvature/curvature.js'
import { UnsupportedError } from '../errors.js'
import type { ModelCall } from '../explainers/session/model-session.js'
import type { TrainingRows } from '../explainers/similarity/training-rows.js'
import type { GradientContext } from '../explainers/similarity/training-set.js'
import { runInBatches } from '../explainers/session/batches.js'
import { rowsOf } from '../explainers/reading/inputs.js'
import type { GradientBlock } from '../gradients/block.js'
import { releaseBlock } from '../gradients/release-block.js'
import { type Labels, labelsOf } from '../losses/labels.js'
import { positionLoss } from '../losses/loss.js'
import type { NdArray } from '../ndarray.js'
import type { Progress } from '../options.js'
import type { InfluenceSettings } from './influence-options.js'
import { findDistribution, sampleLabels } from './sample-labels.js'

/**
 * Estimates the curvature of the loss of training examples, in one pass over them for each sum that it needs.
 *
 * @throws UnsupportedError for a loss or a parameter that the curvature does not cover; InvalidArgumentError for factors
 *   that are too large
 */
export async function fitCurvature<Value>(
  context: GradientContext<Value>,
  rows: TrainingRows,
  settings: InfluenceSettings,
  report: (progress: Progress) => void,
): Promise<Curvature> {
  const { call, loss } = context
  if (settings.fisher === 'true') findDistribution(loss)
  const estimator = new CurvatureEstimator(settings, () => call.pause())
  const passes = [
    ...(estimator.needsCovariances ? [estimator.addCovariances.bind(estimator)] : []),
    ...(estimator.needsEigenvalues ? [estimator.addEigenvalues.bind(estimator)] : []),
  ]
  const total = passes.length * rows.exampleCount
  for (const [k, add] of passes.entries()) {
    await addBatches(context, rows, settings, add, (done) => {
      report({ phase: 'curvature', done: k * rows.exampleCount + done, total })
    })
    if (k === 0 && estimator.needsCovariances) await estimator.decompose()
  }
  call.check()
  return estimator.finish()
}

type Add = (batch: Pick<GradientBlock, 'exampleCount' | 'segments'>) => Promise<void>

/** One pass over the examples. */
async function addBatches<Value>(
  context: GradientContext<Value>,
  rows: TrainingRows,
  settings: InfluenceSettings,
  add: Add,
  report: (done: number) => void,
): Promise<void> {
  const { call } = context
  const { exampleCount } = rows
  const size = await context.batchSize.resolve(call, () => rows.read(0, 1))
  const compute = async (start: number, end: number): Promise<GradientBlock> => {
    const { x, y } = await rows.read(start, end)
    return computeFactors(context, x, y, start, settings)
  }
  for await (const { result, end } of runInBatches(exampleCount, size, compute, {
    concurrency: await call.concurrency(),
    remedy: "Choose curvature: 'diagonal', or explain a smaller model.",
  })) {
    await add(result)
    releaseBlock(result)
    report(end)
    await call.pause()
  }
}
