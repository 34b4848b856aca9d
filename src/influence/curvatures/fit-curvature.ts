import type { Curvature } from '../../curvature/curvature.js'
import {
  CurvatureEstimator,
  listMeasuredBuffers,
  type MeasuredBatch,
} from '../../curvature/estimator.js'
import { runInBatches } from '../../explainers/session/batches.js'
import type { TrainingRows } from '../../explainers/similarity/training-rows.js'
import type { GradientContext } from '../../explainers/similarity/training-set.js'
import type { GradientBlock } from '../../gradients/block.js'
import { releaseBlock } from '../../gradients/release-block.js'
import type { Progress } from '../../options.js'
import { computeFactors } from './compute-factors.js'
import type { InfluenceSettings } from '../influence-options.js'
import { findDistribution } from './sample-labels.js'

/**
 * Estimates the curvature of the loss of training examples.
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
  const passes = new FactorPasses(context, rows, settings)
  const { exampleCount } = rows
  const count = (estimator.needsCovariances ? 1 : 0) + (estimator.needsEigenvalues ? 1 : 0)
  const total = count * exampleCount
  const reportPass = (pass: number) => (done: number) => {
    report({ phase: 'curvature', done: pass * exampleCount + done, total })
  }
  if (estimator.needsCovariances) {
    await passes.first(estimator, reportPass(0))
    await estimator.decompose()
  }
  if (estimator.needsEigenvalues) await passes.last(estimator, reportPass(count - 1))
  call.check()
  return estimator.finish()
}

/** Passes over the gradients of all examples. Those of the first pass that fit into `maxBytes` are kept for the last. */
class FactorPasses<Value> {
  readonly #context: GradientContext<Value>
  readonly #rows: TrainingRows
  readonly #settings: InfluenceSettings
  readonly #kept: MeasuredBatch[] = []

  constructor(context: GradientContext<Value>, rows: TrainingRows, settings: InfluenceSettings) {
    this.#context = context
    this.#rows = rows
    this.#settings = settings
  }

  /** Adds the gradients of all examples to the covariances. */
  async first(estimator: CurvatureEstimator, report: (done: number) => void): Promise<void> {
    let left = estimator.needsEigenvalues ? this.#settings.similarity.maxBytes : 0
    for await (const { block, end } of this.#compute(0)) {
      const measured = await estimator.addCovariances(block, left > 0)
      const buffers = left > 0 ? listMeasuredBuffers(measured) : []
      left -= buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
      if (left > 0) this.#kept.push(measured)
      releaseBlock(block, left > 0 ? buffers : [])
      report(end)
      await this.#context.call.pause()
    }
  }

  /** Adds the gradients of all examples to the eigenvalues. */
  async last(estimator: CurvatureEstimator, report: (done: number) => void): Promise<void> {
    let done = 0
    for (const batch of this.#kept) {
      await estimator.addEigenvalues(batch)
      done += batch.exampleCount
      report(done)
    }
    for await (const { block, end } of this.#compute(done)) {
      await estimator.addEigenvalues(block)
      releaseBlock(block)
      report(end)
      await this.#context.call.pause()
    }
  }

  async *#compute(from: number): AsyncGenerator<{ block: GradientBlock; end: number }> {
    const { call, batchSize } = this.#context
    const size = await batchSize.resolve(call, () => this.#rows.read(0, 1))
    const compute = async (first: number, last: number): Promise<GradientBlock> => {
      const { x, y } = await this.#rows.read(from + first, from + last)
      return computeFactors(this.#context, x, y, from + first, this.#settings)
    }
    for await (const { result, end } of runInBatches(
      this.#rows.exampleCount - from,
      size,
      compute,
      {
        concurrency: await call.concurrency(),
        remedy: "Choose curvature: 'diagonal', or explain a smaller model.",
      },
    )) {
      yield { block: result, end: from + end }
    }
  }
}
