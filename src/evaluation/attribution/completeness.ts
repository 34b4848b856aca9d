import type { NdArray } from '../../ndarray.js'
import { computeMean } from '../correlation.js'
import { type EvaluatedCase, scorePerturbed } from './evaluated-case.js'
import { copyExample } from './features.js'

/** The result of `evaluator.completeness`, for N examples. */
export interface CompletenessData {
  /** [N] f64: Σ attributions − (F(x) − F(baseline)). 0 if the attributions are complete. */
  readonly deltas: NdArray
  /** [N] f64: F(x) − F(baseline), the scale to judge the deltas by. */
  readonly differences: NdArray
  /** The mean of |delta|. */
  readonly mean: number
}

export async function computeCompleteness<Value>(
  evaluated: EvaluatedCase<Value>,
): Promise<CompletenessData> {
  const { exampleCount, features, attributions, x, baselines } = evaluated
  const scores = await scorePerturbed('completeness', evaluated, 2, (step, example, point) => {
    copyExample(features, step === 0 ? x : baselines, example, point)
  })
  const differences = Float64Array.from(
    { length: exampleCount },
    (_, example) => scores[example]! - scores[exampleCount + example]!,
  )
  const deltas = differences.map((difference, example) => {
    const start = example * features.count
    const own = attributions.subarray(start, start + features.count)
    return own.reduce((sum, attribution) => sum + attribution, 0) - difference
  })
  return {
    deltas: { data: deltas, shape: [exampleCount] },
    differences: { data: differences, shape: [exampleCount] },
    mean: computeMean(deltas.map(Math.abs)),
  }
}
