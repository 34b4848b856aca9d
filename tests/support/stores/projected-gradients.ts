import type { ProjectionPlan } from '../../../src/gradients/projection/projection-plan.js'
import { drawRandomMatrix } from '../../../src/gradients/projection/random-matrix.js'

/** P_aᵀ G P_δ by its definition, in float64; G itself for a parameter that is not in the plan. */
export function projectedGradient(
  name: string,
  gradient: Float64Array,
  { parameters, seed }: ProjectionPlan,
): Float64Array {
  const projection = parameters.find(({ parameter }) => parameter === name)
  if (projection === undefined) return gradient
  const { index, inputSize: d, outputSize: p } = projection
  const { projectedInputSize: ka, projectedOutputSize: kd } = projection
  const pa = ka === d ? identity(d) : drawRandomMatrix(d, ka, { seed, index, side: 'input' })
  const pd = kd === p ? identity(p) : drawRandomMatrix(p, kd, { seed, index, side: 'output' })
  return Float64Array.from({ length: ka * kd }, (_, at) => {
    let sum = 0
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < p; j++) {
        sum += pa[i * ka + Math.floor(at / kd)]! * gradient[i * p + j]! * pd[j * kd + (at % kd)]!
      }
    }
    return sum
  })
}

const identity = (size: number): Float64Array =>
  Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0))

/** ⟨g, g'⟩ of gradients by parameter. */
export function innerProduct(
  a: ReadonlyMap<string, Float64Array>,
  b: ReadonlyMap<string, Float64Array>,
): number {
  let sum = 0
  for (const [name, values] of a) values.forEach((value, k) => (sum += value * b.get(name)![k]!))
  return sum
}
