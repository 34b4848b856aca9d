import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { type Random, seededRandom } from '../../random.js'
import { computeMean, computePearson, computeSpearman } from '../correlation.js'
import { type EvaluatedCase, scorePerturbed } from './evaluated-case.js'
import { copyExample, copyFeature } from './features.js'

export const correlationNames = ['pearson', 'spearman'] as const

/** The correlation that MuFidelity measures. */
export type CorrelationName = (typeof correlationNames)[number]

/** The result of `evaluator.muFidelity`, for N examples. */
export interface MuFidelityData {
  /**
   * [N] f64: each example's correlation, from −1 to 1. NaN if all subsets have the same attribution
   * or the same effect.
   */
  readonly correlations: NdArray
  /** The mean of the correlations that are not NaN. NaN if there are none. */
  readonly mean: number
}

export interface SubsetOptions {
  readonly samples: number
  /** The number of features in a subset. Undefined: a fifth of all features, at least 1. */
  readonly subsetSize: number | undefined
  readonly correlation: CorrelationName
  readonly seed: number
}

/** Correlates Σ_S attribution with F(x) − F(x with S at the baseline) over random subsets S. */
export async function correlateSubsets<Value>(
  evaluated: EvaluatedCase<Value>,
  { samples, subsetSize, correlation, seed }: SubsetOptions,
): Promise<MuFidelityData> {
  const { exampleCount, features, attributions, x, baselines } = evaluated
  const size = subsetSize ?? Math.max(1, Math.round(features.count / 5))
  if (size > features.count) {
    throw new InvalidArgumentError(
      'subsetSize',
      String(size),
      `at most ${features.count}, the number of features of an example`,
    )
  }
  const sums = new Float64Array(exampleCount * samples)
  const drawSubset = createSubsetDrawer(features.count, size, seededRandom(seed))
  let drawnFor = 0
  let subset = new Int32Array()
  // Step 0 is x itself. All examples share the subset of a step.
  const byStep = await scorePerturbed(
    'muFidelity',
    evaluated,
    samples + 1,
    (step, example, point) => {
      if (step > drawnFor) {
        subset = drawSubset()
        drawnFor = step
      }
      copyExample(features, x, example, point)
      if (step === 0) return
      let sum = 0
      for (const feature of subset) {
        copyFeature(features, feature, baselines, example, point)
        sum += attributions[example * features.count + feature]!
      }
      sums[example * samples + step - 1] = sum
    },
  )
  const correlate = correlation === 'pearson' ? computePearson : computeSpearman
  const correlations = Float64Array.from({ length: exampleCount }, (_, example) => {
    const drops = Float64Array.from(
      { length: samples },
      (_, sample) => byStep[example]! - byStep[(sample + 1) * exampleCount + example]!,
    )
    return correlate(sums.subarray(example * samples, (example + 1) * samples), drops)
  })
  return {
    correlations: { data: correlations, shape: [exampleCount] },
    mean: computeMean(correlations),
  }
}

/**
 * Returns a function that draws `size` of 0 … count − 1, ascending. All subsets are equally likely.
 */
function createSubsetDrawer(
  count: number,
  size: number,
  random: Random,
): () => Int32Array<ArrayBuffer> {
  const numbers = Int32Array.from({ length: count }, (_, k) => k)
  return () => {
    for (let k = 0; k < size; k++) {
      const other = k + Math.floor(random() * (count - k))
      const drawn = numbers[other]!
      numbers[other] = numbers[k]!
      numbers[k] = drawn
    }
    return numbers.slice(0, size).sort()
  }
}
