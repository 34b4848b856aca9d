import type { NdArray } from '../../ndarray.js'
import { computeMean } from '../correlation.js'
import { type EvaluatedCase, scorePerturbed } from './evaluated-case.js'
import { copyExample, copyFeature } from './features.js'

/** The result of `evaluator.deletion` and `evaluator.insertion`, for N examples. */
export interface CurveData {
  /** [N, steps + 1] f64: F at each step. Deletion starts at x, insertion at the baseline. */
  readonly scores: NdArray
  /** [steps + 1] f64, from 0 to 1: the share of features changed after each step. */
  readonly fractions: NdArray
  /** [N] f64: the area under each example's curve, by the trapezoidal rule. */
  readonly areas: NdArray
  /** The mean of the areas. */
  readonly mean: number
}

/** Computes F while features change from `begins` to `ends`, the greatest attributions first. */
export async function computeCurve<Value>(
  measure: 'deletion' | 'insertion',
  evaluated: EvaluatedCase<Value>,
  steps: number,
): Promise<CurveData> {
  const { exampleCount, features, x, baselines } = evaluated
  const [begins, ends] = measure === 'deletion' ? [x, baselines] : [baselines, x]
  const stepCount = Math.min(steps, features.count)
  const changed = Int32Array.from({ length: stepCount + 1 }, (_, step) =>
    Math.floor((step * features.count) / stepCount),
  )
  const order = sortFeatures(evaluated)
  const byStep = await scorePerturbed(measure, evaluated, stepCount + 1, (step, example, point) => {
    copyExample(features, begins, example, point)
    const start = example * features.count
    for (const feature of order.subarray(start, start + changed[step]!)) {
      copyFeature(features, feature, ends, example, point)
    }
  })
  const fractions = Float64Array.from(changed, (count) => count / features.count)
  const scores = Float64Array.from(byStep, (_, at) => {
    const [example, step] = [Math.floor(at / changed.length), at % changed.length]
    return byStep[step * exampleCount + example]!
  })
  const areas = Float64Array.from({ length: exampleCount }, (_, example) =>
    computeArea(fractions, scores.subarray(example * changed.length)),
  )
  return {
    scores: { data: scores, shape: [exampleCount, changed.length] },
    fractions: { data: fractions, shape: [changed.length] },
    areas: { data: areas, shape: [exampleCount] },
    mean: computeMean(areas),
  }
}

/** Returns each example's features in descending order of attribution, ties by index. */
function sortFeatures<Value>({
  exampleCount,
  features,
  attributions,
}: EvaluatedCase<Value>): Int32Array {
  const order = new Int32Array(exampleCount * features.count)
  for (let example = 0; example < exampleCount; example++) {
    const start = example * features.count
    const own = order.subarray(start, start + features.count)
    own.forEach((_, feature) => (own[feature] = feature))
    own.sort((a, b) => attributions[start + b]! - attributions[start + a]! || a - b)
  }
  return order
}

function computeArea(fractions: Float64Array, scores: Float64Array): number {
  let area = 0
  for (let step = 1; step < fractions.length; step++) {
    area += (fractions[step]! - fractions[step - 1]!) * ((scores[step - 1]! + scores[step]!) / 2)
  }
  return area
}
