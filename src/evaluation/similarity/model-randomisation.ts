import { InvalidArgumentError } from '../../errors.js'
import { createProgressReporter } from '../../explainers/session/progress.js'
import type { NdArray } from '../../ndarray.js'
import {
  type CallOptions,
  checkSignal,
  describe,
  assertKnownKeys,
  readPositiveInteger,
} from '../../options.js'
import { waitForNextTask } from '../../scheduling.js'
import { computeMean, computeFiniteSpearman } from '../correlation.js'
import { readScores, type SimilarityRanking } from './rankings.js'

/** Options of modelRandomisationTest. */
export interface ModelRandomisationOptions extends CallOptions {
  /** The number of randomised models. Default 1. */
  readonly runs?: number | undefined
}

/** The result of modelRandomisationTest. */
export interface ModelRandomisationData {
  /** [runs, nTest] f64: Spearman's correlation of the scores. NaN if all scores are equal. */
  readonly correlations: NdArray
  /** The mean of the correlations that are not NaN. NaN if there are none. */
  readonly mean: number
}

/**
 * The model randomisation test: do the scores depend on what the model has learnt? Returns the rank
 * correlation between the scores of the trained model and those of the same model with new random
 * weights. Near 0 is good. Near 1, any model would get the same explanation.
 *
 * Adebayo et al. (2018), "Sanity checks for saliency maps"; for similarity, Hanawa, Yokoi, Hara and
 * Inui (2021), "Evaluation of similarity-based explanations", section 3. The correlation leaves out
 * training examples whose score is not finite on either side.
 *
 * @param trained the trained model's ranking: GradientSimilarity's explanation, with ranking 'full'
 * @param explainRandomised returns the ranking of the same examples, with the same labels, by a
 *   model with new random weights in each run (0, 1, …)
 * @throws InvalidArgumentError for rankings of other examples; the errors of `explainRandomised`;
 *   the signal's reason
 *
 * @example
 * const { mean } = await modelRandomisationTest(
 *   explanation,
 *   async (run, signal) => {
 *     using explainer = new GradientSimilarity(
 *       tfjsPredictor(createModel(run)),
 *       loss,
 *     )
 *     await explainer.fit(xTrain, yTrain, { signal })
 *     return await explainer.explain(x, y, { signal })
 *   },
 * )
 */
export async function modelRandomisationTest(
  trained: SimilarityRanking,
  explainRandomised: (run: number, signal?: AbortSignal) => Promise<SimilarityRanking>,
  options: ModelRandomisationOptions = {},
): Promise<ModelRandomisationData> {
  assertKnownKeys('options', options, ['runs', 'signal', 'onProgress'])
  const { signal, onProgress } = options
  checkSignal(signal)
  signal?.throwIfAborted()
  if (typeof explainRandomised !== 'function') {
    throw new InvalidArgumentError(
      'explainRandomised',
      describe(explainRandomised),
      'a function that explains with a randomised model',
    )
  }
  const runs = readPositiveInteger('runs', options.runs ?? 1)
  const report = createProgressReporter('modelRandomisationTest', false, onProgress)
  const own = await readScores('trained', trained)
  const [testCount = 0, trainCount = 0] = own.shape
  const correlations = new Float64Array(runs * testCount)
  for (let run = 0; run < runs; run++) {
    const ranking = await explainRandomised(run, signal)
    signal?.throwIfAborted()
    const other = await readScores('the randomised ranking', ranking)
    if (other.shape.join() !== own.shape.join()) {
      throw new InvalidArgumentError(
        'explainRandomised',
        `a ranking of shape [${other.shape.join(', ')}]`,
        `[${own.shape.join(', ')}], the shape of the trained model's ranking`,
      )
    }
    for (let test = 0; test < testCount; test++) {
      const [start, end] = [test * trainCount, (test + 1) * trainCount]
      correlations[run * testCount + test] = computeFiniteSpearman(
        Float64Array.from(own.data.subarray(start, end)),
        Float64Array.from(other.data.subarray(start, end)),
      )
    }
    await waitForNextTask()
    signal?.throwIfAborted()
    report({ phase: 'evaluate', done: (run + 1) * testCount, total: runs * testCount })
  }
  return {
    correlations: { data: correlations, shape: [runs, testCount] },
    mean: computeMean(correlations),
  }
}
