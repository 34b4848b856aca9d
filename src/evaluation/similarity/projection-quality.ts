import { type SimilarityName, similarityNames } from '../../compute/similarity.js'
import { InvalidArgumentError } from '../../errors.js'
import type { Inputs } from '../../explainers/reading/inputs.js'
import { createProgressReporter } from '../../explainers/session/progress.js'
import type { GradientSimilarityOptions } from '../../explainers/similarity/similarity-options.js'
import type { ProjectionOptions } from '../../gradients/projection/projection-options.js'
import { type CallOptions, assertKnownKeys, readPositiveInteger } from '../../options.js'
import type { LabelInput } from '../../losses/labels.js'
import type { Loss } from '../../losses/loss.js'
import type { Predictor } from '../../predictor.js'
import { computeMean, computeFiniteSpearman } from '../correlation.js'
import { readOrder, readScores, type SimilarityRanking } from './rankings.js'

/** Options of projectionQuality. */
export interface ProjectionQualityOptions
  extends CallOptions, Pick<GradientSimilarityOptions, 'device' | 'batchSize'> {
  /** GradientSimilarity's option. Without it, only the effect of `storeDtype` is measured. */
  readonly projection?: ProjectionOptions | undefined
  /** The number format of stored gradients. Default 'float32'. */
  readonly storeDtype?: 'float32' | 'float16' | undefined
  /** The number of most similar examples to compare. Default 10. */
  readonly topK?: number | undefined
}

/** The result of projectionQuality. */
export interface ProjectionQualityData {
  /** The number of examples, each compared with all others. */
  readonly sampleSize: number
  readonly topK: number
  readonly similarities: Readonly<Record<SimilarityName, SimilarityQuality>>
}

/** Means over the examples of the sample. */
export interface SimilarityQuality {
  /**
   * The share of the topK most similar by exact gradients that projected ones also find, 0 to 1.
   */
  readonly recall: number
  /** Spearman's correlation of the two scores, −1 to 1. NaN if all scores are equal. */
  readonly rankCorrelation: number
}

/**
 * Measures how well projected or float16 gradients rank. Each example of a sample is compared with
 * all others, by exact gradients and by gradients as they would be stored.
 *
 * @param x a sample of the training examples, for example 200. A smaller sample makes the topK most
 *   similar easier to find
 * @param y their labels
 * @throws InvalidArgumentError for fewer than three examples; the errors of GradientSimilarity
 * @example
 * const options = { projection: { size: 4096 } }
 * const { similarities } = await projectionQuality(
 *   predictor,
 *   loss,
 *   xSample,
 *   ySample,
 *   options,
 * )
 * console.log(similarities.grad_cos.recall)
 */
export async function projectionQuality<Value, Item = never>(
  predictor: Predictor<Value, Item>,
  lossFn: Loss<Value>,
  x: Inputs<Item>,
  y: LabelInput,
  options: ProjectionQualityOptions = {},
): Promise<ProjectionQualityData> {
  assertKnownKeys('options', options, optionNames)
  const { projection, storeDtype = 'float32', signal, onProgress, ...given } = options
  const topK = readPositiveInteger('topK', options.topK ?? 10)
  const { device = 'auto', batchSize = 32 } = given
  const report = createProgressReporter('projectionQuality', false, onProgress)
  const own = { precomputeGrads: true, device, batchSize } as const
  // Loaded here, because the other measures don't need them.
  const [{ GradientSimilarity }, { MemoryStore }] = await Promise.all([
    import('../../explainers/gradient-similarity.js'),
    import('../../store/bytes/memory-store.js'),
  ])
  // Only stores have float16 gradients.
  const store = storeDtype === 'float16' ? new MemoryStore() : undefined
  using exact = new GradientSimilarity(predictor, lossFn, own)
  using projected = new GradientSimilarity(predictor, lossFn, {
    ...own,
    ...{ projection, store, storeDtype, storeExamples: false },
  })
  let fittedCount = 0
  for (const explainer of [exact, projected]) {
    await explainer.fit(x, y, {
      signal,
      onProgress: ({ done, total }) => {
        report({ phase: 'evaluate', done: fittedCount * total + done, total: 2 * total })
      },
    })
    fittedCount++
  }
  const found: [SimilarityName, SimilarityQuality][] = []
  let sampleSize = 0
  for (const simFn of similarityNames) {
    const theirs = await exact.explain(x, y, { simFn, signal })
    const ours = await projected.explain(x, y, { simFn, signal })
    sampleSize = theirs.orderedIndices.shape[0] ?? 0
    if (sampleSize < 3) {
      throw new InvalidArgumentError('x', `${sampleSize} examples`, 'three or more')
    }
    found.push([simFn, await compare(theirs, ours, topK)])
  }
  const similarities = Object.fromEntries(found) as Record<SimilarityName, SimilarityQuality>
  return { sampleSize, topK: Math.min(topK, sampleSize - 1), similarities }
}

const optionNames: readonly (keyof ProjectionQualityOptions)[] = [
  'projection',
  'storeDtype',
  'topK',
  'device',
  'batchSize',
  'signal',
  'onProgress',
]

/**
 * Compares two rankings of the same examples by each other. An example is not compared with itself.
 */
async function compare(
  exact: SimilarityRanking,
  projected: SimilarityRanking,
  topK: number,
): Promise<SimilarityQuality> {
  const tops = await Promise.all([rankOthers(exact, topK), rankOthers(projected, topK)])
  const scores = await Promise.all([readScores('exact', exact), readScores('projected', projected)])
  const count = tops[0].length
  const recalls = new Float64Array(count)
  const correlations = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const [wanted, got] = [tops[0][i]!, new Set(tops[1][i])]
    recalls[i] = wanted.filter((other) => got.has(other)).length / wanted.length
    const [a, b] = scores.map(({ data }) =>
      Float64Array.from(data.subarray(i * count, (i + 1) * count)).filter((_, j) => j !== i),
    ) as [Float64Array, Float64Array]
    correlations[i] = computeFiniteSpearman(a, b)
  }
  return { recall: computeMean(recalls), rankCorrelation: computeMean(correlations) }
}

/** Returns the k most similar others of each example. */
async function rankOthers({ orderedIndices }: SimilarityRanking, k: number): Promise<number[][]> {
  const { data, shape } = await readOrder('orderedIndices', orderedIndices)
  const [count = 0] = shape
  return Array.from({ length: count }, (_, i) =>
    Array.from(data.subarray(i * count, (i + 1) * count))
      .filter((other) => other !== i)
      .slice(0, k),
  )
}
