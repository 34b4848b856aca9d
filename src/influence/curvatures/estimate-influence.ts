import {
  countBlockBytes,
  type CurvatureRule,
  listParameters,
} from '../../curvature/curvature-block.js'
import { CurvatureEstimator } from '../../curvature/estimator.js'
import type { ExampleSource } from '../../explainers/reading/example-source.js'
import { countExamples, type Inputs, rowsOf } from '../../explainers/reading/inputs.js'
import { readSamples } from '../../explainers/similarity/estimate/read-samples.js'
import type { SimilarityEstimate } from '../../explainers/similarity/estimate/similarity-estimate.js'
import { truncateShape } from '../../curvature/truncate-inputs.js'
import type { GradientContext } from '../../explainers/similarity/training-set.js'
import { type LabelInput, labelsOf } from '../../losses/labels.js'
import { computeFactors } from './compute-factors.js'
import type { InfluenceSettings } from '../influence-options.js'
import {
  boundInputs,
  countCubes,
  countFitBytes,
  countMeasuredBytes,
  countQuestionBytes,
  countSolvingBytes,
} from './curvature-bytes.js'
import { findDistribution } from './sample-labels.js'

/** The memory that the curvature of one layer needs. */
export interface CurvatureBlockEstimate {
  readonly parameters: readonly string[]
  readonly rule: CurvatureRule
  /** The sides of its matrix of gradients: A has `rows` rows, S has `columns`. */
  readonly rows: number
  readonly columns: number
  /** Bytes in memory and in a store. */
  readonly byteLength: number
}

/** The estimated time and memory of a curvature. */
export interface CurvatureEstimate {
  /** Bytes of all factors, in memory after `fit` and in a store. */
  readonly byteLength: number
  /** The most bytes that estimating them takes at once, with the gradients kept for a second pass, without a batch's. */
  readonly fitBytes: number
  /** Bytes of one question after it is multiplied by (H + λ)⁻¹. */
  readonly questionBytes: number
  /** The most bytes that multiplying a question takes besides. */
  readonly explainBytes: number
  /** Seconds of the passes over the examples, and of the eigenvectors. */
  readonly seconds: number
  /** The layers, the largest first. */
  readonly blocks: readonly CurvatureBlockEstimate[]
}

/** The estimated time and memory of `fit`. `curvature` is null for 'identity'. */
export interface InfluenceEstimate extends SimilarityEstimate {
  readonly curvature: CurvatureEstimate | null
}

/**
 * Runs a batch of the training examples, and computes what the curvature of all would take.
 *
 * @throws UnsupportedError for a loss or a parameter that the curvature does not cover
 */
export async function estimateCurvature<Value, Item>(
  xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
  yTrain: LabelInput | ExampleSource<LabelInput> | undefined,
  context: GradientContext<Value>,
  settings: InfluenceSettings,
): Promise<CurvatureEstimate> {
  const { call, batchSize, loss } = context
  const { inputRank } = settings
  if (settings.fisher === 'true') findDistribution(loss)
  const samples = await readSamples(xTrain, yTrain, context, settings.similarity, batchSize.most)
  const size = await batchSize.resolve(call, () => samples)
  const count = Math.min(size, countExamples(samples.x))
  const [x, y] = [rowsOf(samples.x, 0, count), labelsOf(samples.y, 0, count)]
  // The first pass compiles and checks.
  await computeFactors(context, x, y, 0, settings)
  const start = performance.now()
  const batch = await computeFactors(context, x, y, 0, settings)
  const estimator = new CurvatureEstimator({ ...settings, maxBytes: Infinity }, () => call.pause())
  let keptBytes = 0
  if (estimator.needsCovariances) {
    const measured = await estimator.addCovariances(batch, estimator.needsEigenvalues)
    if (estimator.needsEigenvalues) keptBytes = countMeasuredBytes(measured)
  } else await estimator.addEigenvalues(batch)
  const passSeconds = (performance.now() - start) / 1000
  const passCount = Number(estimator.needsCovariances) + Number(estimator.needsEigenvalues)
  const exampleCount = Math.min(samples.exampleCount, settings.curvatureExamples)
  const computed = estimator.blocks.map((block) => boundInputs(block, batch.segments, exampleCount))
  const blocks = computed.map((block) => ({
    parameters: listParameters(block),
    rule: block.rule,
    rows: block.rows,
    columns: block.columns,
    byteLength: countBlockBytes(truncateShape(block, inputRank)),
  }))
  const allKept = Math.min((keptBytes * exampleCount) / count, settings.similarity.maxBytes)
  return {
    byteLength: blocks.reduce((sum, { byteLength }) => sum + byteLength, 0),
    fitBytes: countFitBytes(computed, estimator.isMeasured, batch, inputRank) + Math.ceil(allKept),
    questionBytes: computed.reduce(
      (sum, block) => sum + countQuestionBytes(block, batch.segments),
      0,
    ),
    explainBytes: Math.max(
      0,
      ...computed.map((block) => countSolvingBytes(truncateShape(block, inputRank))),
    ),
    seconds:
      (passCount * passSeconds * exampleCount) / count +
      computed.reduce((sum, block) => sum + secondsPerCube * countCubes(block), 0),
    blocks: blocks.sort((a, b) => b.byteLength - a.byteLength),
  }
}

/** Eigenvectors of n rows take this times n³: 0.3 seconds for 1,000 (Node 20, AMD EPYC at 2.6 GHz, 2026-11). */
const secondsPerCube = 3e-10
