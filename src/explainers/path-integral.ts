import { NonFiniteError } from '../errors.js'
import type { NdArray } from '../ndarray.js'
import { sizeOf, takeRows } from '../ndarray.js'
import type { Progress } from '../options.js'
import type { ForwardArguments } from '../predictor.js'
import { rowCountOf } from './inputs.js'
import type { ModelCall } from './model-session.js'
import type { Quadrature } from './quadrature.js'

export interface Path {
  /** Where the paths end, one array per input. */
  readonly x: readonly NdArray[]
  /** Where they begin. */
  readonly baselines: readonly NdArray[]
  /** The explained output F of each example, as an offset into its flattened outputs. */
  readonly outputIndices: Int32Array
  readonly further: ForwardArguments
  readonly rule: Quadrature
  /** Path points in one pass. */
  readonly batchSize: number
  readonly report: (progress: Progress) => void
}

/**
 * Σ_k w_k ∇F(b + α_k (x − b)) per input, in float64. Points are made pass by pass and only their sum is
 * kept, so memory does not grow with the number of steps.
 *
 * @throws NonFiniteError if a gradient on the path is not finite
 */
export async function integratePath<Value>(
  call: ModelCall<Value>,
  { x, baselines, outputIndices, further, rule, batchSize, report }: Path,
): Promise<Float64Array[]> {
  const exampleCount = rowCountOf(x)
  const pointCount = exampleCount * rule.alphas.length
  const sums = x.map(({ data }) => new Float64Array(data.length))
  for (let start = 0; start < pointCount; start += batchSize) {
    const end = Math.min(start + batchSize, pointCount)
    // Point q is step k = ⌊q / N⌋ of example i = q mod N.
    const examples = Int32Array.from({ length: end - start }, (_, q) => (start + q) % exampleCount)
    const steps = Int32Array.from(examples, (_, q) => Math.floor((start + q) / exampleCount))
    const points = x.map((array, j) =>
      pathPoints(array, baselines[j], examples, steps, rule.alphas),
    )
    const indices = examples.map((i) => outputIndices[i] ?? 0)
    const furtherRows = mapValues(further, (array) => takeRows(array, examples))
    const gradients = await call.run((session) =>
      session.inputGradients(points, indices, furtherRows),
    )
    for (const [j, gradient] of gradients.entries()) {
      addWeighted(sums[j], gradient, examples, steps, rule.weights)
    }
    await call.pause()
    report({ phase: 'explain', done: end, total: pointCount })
  }
  return sums
}

export function mapValues(
  arrays: ForwardArguments,
  change: (array: NdArray) => NdArray,
): ForwardArguments {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, change(array)]))
}

/** b + α_k (x − b) of the given examples and steps, rounded once, to float32. */
function pathPoints(
  x: NdArray,
  baseline: NdArray | undefined,
  examples: Int32Array,
  steps: Int32Array,
  alphas: Float64Array,
): NdArray {
  const size = sizeOf(x.shape.slice(1))
  const data = new Float32Array(examples.length * size)
  for (const [point, example] of examples.entries()) {
    const alpha = alphas[steps[point] ?? 0] ?? 0
    for (let k = 0; k < size; k++) {
      const from = baseline?.data[example * size + k] ?? 0
      const to = x.data[example * size + k] ?? 0
      data[point * size + k] = from + alpha * (to - from)
    }
  }
  return { data, shape: [examples.length, ...x.shape.slice(1)] }
}

function addWeighted(
  sum: Float64Array | undefined,
  gradient: NdArray,
  examples: Int32Array,
  steps: Int32Array,
  weights: Float64Array,
): void {
  if (sum === undefined) return
  const size = sizeOf(gradient.shape.slice(1))
  for (const [point, example] of examples.entries()) {
    const weight = weights[steps[point] ?? 0] ?? 0
    for (let k = 0; k < size; k++) {
      const value = gradient.data[point * size + k] ?? NaN
      if (!Number.isFinite(value)) {
        throw new NonFiniteError(
          `the gradient at step ${String(steps[point])} of the path of example ${String(example)}`,
          value,
          [example, k],
          'Look at the weights, and at ops without a finite gradient there (sqrt or log at 0, say).',
        )
      }
      sum[example * size + k] = (sum[example * size + k] ?? 0) + weight * value
    }
  }
}
