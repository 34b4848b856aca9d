import type { BatchSize } from '../../session/batch-size.js'
import { type NdArray, sizeOf } from '../../../ndarray.js'
import type { Progress } from '../../../options.js'
import { runInBatches } from '../../session/batches.js'
import { countExamples, rowsOf } from '../../reading/inputs.js'
import type { ModelCall } from '../../session/model-session.js'
import { type PathPass, sumsOf } from './path-sums.js'
import type { Quadrature } from './quadrature.js'
import { type Examples, examplesOf, memoryRemedy, type Sites } from '../sites.js'

export interface Path<Value> {
  readonly sites: Sites<Value>
  readonly examples: Examples
  /** Where the paths end: the sites' values, [N, …] each. */
  readonly ends: readonly NdArray[]
  /** Where they begin. */
  readonly starts: readonly NdArray[]
  /** The explained output F of each example: offsets into its flattened outputs, which are summed. */
  readonly outputIndices: Int32Array
  readonly rule: Quadrature
  /** Path points in one pass. */
  readonly batchSize: BatchSize
  readonly report: (progress: Progress) => void
}

/**
 * Σ_k w_k ∇F(b + α_k (x − b)) per array, in float64. Points are made pass by pass, on the device where it can,
 * and only their sums are kept, so memory does not grow with the number of steps.
 *
 * @throws NonFiniteError if a gradient on the path is not finite; MemoryError if there is no room for one point
 */
export async function integratePath<Value>(
  call: ModelCall<Value>,
  { sites, examples, ends, starts, outputIndices, rule, batchSize, report }: Path<Value>,
): Promise<Float64Array[]> {
  const stepCount = rule.alphas.length
  const pointCount = countExamples(ends) * stepCount
  const terms = outputIndices.length / countExamples(ends)
  const sums = ends.map(({ data }) => new Float64Array(data.length))
  const exampleOf = (q: number): number => Math.floor(q / stepCount)
  const backend = (first: number, end: number): Promise<readonly NdArray[]> => {
    const [from, to] = [exampleOf(first), exampleOf(end - 1) + 1]
    // Point q is step q mod n of example ⌊q / n⌋.
    const steps = Int32Array.from({ length: end - first }, (_, q) => (first + q) % stepCount)
    const pass: PathPass<Value> = {
      sites,
      examples: examplesOf(examples, from, to),
      outputIndices: outputIndices.subarray(from * terms, to * terms),
      points: {
        starts: rowsOf(starts, from, to),
        ends: rowsOf(ends, from, to),
        pathOf: steps.map((_, q) => exampleOf(first + q) - from),
        alphas: Float64Array.from(steps, (k) => rule.alphas[k]!),
        weights: Float64Array.from(steps, (k) => rule.weights[k]!),
      },
      placeOf: (q) => ({ example: exampleOf(first + q), step: steps[q]! }),
    }
    return sumsOf(call, pass)
  }
  const concurrency = await call.concurrency()
  const most = await batchSize.resolve(call, () => examples)
  const isFree = batchSize.option === 'auto' || concurrency > 1
  // Passes of about the same size, one for each worker at least, so that none is small.
  const passCount = Math.max(concurrency, Math.ceil(pointCount / most))
  const size = isFree ? Math.ceil(pointCount / passCount) : most
  for await (const { result, start, end } of runInBatches(pointCount, size, backend, {
    remedy: memoryRemedy,
    concurrency,
  })) {
    for (const [j, { data, shape }] of result.entries()) {
      const offset = exampleOf(start) * sizeOf(shape.slice(1))
      for (const [k, value] of data.entries()) sums[j]![offset + k]! += value
    }
    await call.pause()
    report({ phase: 'explain', done: end, total: pointCount })
  }
  return sums
}
