import { InvalidArgumentError, NonFiniteError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import { assertFinite, type NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { computeMean, computeSpearman } from '../correlation.js'
import { readScores, type SimilarityRanking } from '../similarity/rankings.js'

/** The result of linearDatamodelingScore. */
export interface LinearDatamodelingData {
  /**
   * [nTest] f64: Spearman's correlation of the predicted and the measured outputs over the retrained
   * models. NaN if all predicted, or all measured, outputs are equal.
   */
  readonly correlations: NdArray
  /** The mean of the correlations that are not NaN. NaN if there are none. */
  readonly mean: number
}

/**
 * The linear datamodeling score: do the scores predict what a model trained on fewer examples
 * answers? The predicted output of a test example is the sum of the scores of the training examples
 * in the subset. It is compared with the output of a model that was trained on that subset. 1 is
 * best; 0 is chance.
 *
 * Park, Georgiev, Ilyas, Leclerc and Madry (2023), "TRAK: attributing model behavior at scale",
 * section 2.
 *
 * @param ranking the scores of all training examples, for example an explanation with ranking 'full'
 * @param subsets per retrained model, the indices of the training examples it was trained on
 * @param outputs [models, nTest]: the retrained models' outputs for the test examples. Positive
 *   scores belong to training examples that lower the loss, so measure minus the loss, or the log
 *   odds of the label
 * @throws InvalidArgumentError for arrays that don't match, or fewer than three models;
 *   NonFiniteError for outputs or scores that are not finite
 * @example
 * using explainer = new InfluenceFunctions(predictor, loss)
 * await explainer.fit(xTrain, yTrain)
 * const explanation = await explainer.explain(x, y)
 * const { mean } = await linearDatamodelingScore(
 *   explanation,
 *   subsets,
 *   minusLosses,
 * )
 */
export async function linearDatamodelingScore(
  ranking: SimilarityRanking,
  subsets: readonly ArrayInput[],
  outputs: ArrayInput,
): Promise<LinearDatamodelingData> {
  const scores = await readScores('ranking', ranking)
  assertFiniteScores(scores)
  const [testCount = 0, trainCount = 0] = scores.shape
  const members = await readSubsets(subsets, trainCount)
  const measured = await readOutputs(outputs, members.length, testCount)
  const correlations = Float64Array.from({ length: testCount }, (_, test) => {
    const own = scores.data.subarray(test * trainCount, (test + 1) * trainCount)
    const predicted = Float64Array.from(members, (subset) =>
      subset.reduce((sum, train) => sum + own[train]!, 0),
    )
    return computeSpearman(
      predicted,
      Float64Array.from(members, (_, k) => measured.data[k * testCount + test]!),
    )
  })
  return {
    correlations: { data: correlations, shape: [testCount] },
    mean: computeMean(correlations),
  }
}

function assertFiniteScores({ data, shape: [, trainCount = 1] }: NdArray): void {
  const at = data.findIndex((score) => !Number.isFinite(score))
  if (at < 0) return
  throw new NonFiniteError(
    'ranking.scores',
    data[at]!,
    [Math.floor(at / trainCount), at % trainCount],
    'Sums with it are undefined. Explain without that training example, or find out why its gradient overflows.',
  )
}

async function readSubsets(
  subsets: readonly ArrayInput[],
  trainCount: number,
): Promise<Float64Array[]> {
  if (!Array.isArray(subsets) || subsets.length < fewestModels) {
    throw new InvalidArgumentError(
      'subsets',
      describe(subsets),
      `a list with the indices of each retrained model's training examples, for ${fewestModels} models or more`,
    )
  }
  return Promise.all(
    (subsets as readonly ArrayInput[]).map(async (subset, k) => {
      const argument = `subsets[${k}]`
      const { data, shape } = await toNdArray(argument, subset)
      if (shape.length !== 1) {
        throw new InvalidArgumentError(
          argument,
          `shape [${shape.join(', ')}]`,
          'indices, shape [n]',
        )
      }
      const seen = new Set<number>()
      for (const [i, train] of data.entries()) {
        const isIndex = Number.isInteger(train) && train >= 0 && train < trainCount
        if (isIndex && !seen.has(train)) {
          seen.add(train)
          continue
        }
        throw new InvalidArgumentError(
          `${argument}[${i}]`,
          isIndex ? `${train} a second time` : `${train}`,
          `each index once, from 0 to ${trainCount - 1}`,
        )
      }
      return Float64Array.from(data)
    }),
  )
}

/** Fewer points have a rank correlation of −1, 1 or none. */
const fewestModels = 3

async function readOutputs(
  outputs: ArrayInput,
  modelCount: number,
  testCount: number,
): Promise<NdArray> {
  const array = await toNdArray('outputs', outputs)
  const [rowCount, width] = array.shape
  if (array.shape.length !== 2 || rowCount !== modelCount || width !== testCount) {
    throw new InvalidArgumentError(
      'outputs',
      `shape [${array.shape.join(', ')}]`,
      `[${modelCount}, ${testCount}]: a row per retrained model, a column per test example`,
    )
  }
  assertFinite('outputs', array, 'Leave that model out, with its subset.')
  return array
}
