import type { BatchSize } from '../../session/batch-size.js'
import { InvalidArgumentError, NonFiniteError } from '../../../errors.js'
import { type NdArray, sizeOf, takeRows } from '../../../ndarray.js'
import type { Progress } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import { type Random, seededNormal } from '../../../random.js'
import { runInBatches } from '../../session/batches.js'
import { mapValues } from '../../reading/forward-arguments.js'
import { takeIndices } from '../explained-score.js'
import type { GradientSites } from './gradient-sites.js'
import { countExamples } from '../../reading/inputs.js'
import type { ModelCall } from '../../session/model-session.js'
import { type Examples, memoryRemedy } from '../sites.js'
import type { SmoothGradOptions } from './smooth-grad.js'
import type { Target } from '../../reading/targets.js'

export interface GradientOf<Value> {
  readonly sites: GradientSites<Value>
  readonly inputs: readonly ArraySpec[]
  readonly examples: Examples
  readonly target: Target
  /** Null: one gradient, at the example itself. */
  readonly smoothGrad: Required<SmoothGradOptions> | null
  /** Points in one pass. */
  readonly batchSize: BatchSize
  readonly report: (progress: Progress) => void
}

/**
 * The gradients of the chosen outputs; with `smoothGrad` their mean over noisy copies. Only sums are kept, so
 * memory does not grow with the number of samples.
 *
 * @throws NonFiniteError if a gradient is not finite; InvalidArgumentError for noise on an input of integers;
 *   MemoryError if there is no room for one point
 */
export async function meanGradient<Value>(
  call: ModelCall<Value>,
  { sites, inputs, examples, target, smoothGrad, batchSize, report }: GradientOf<Value>,
): Promise<NdArray[]> {
  const { x, further } = examples
  if (smoothGrad !== null) assertNotInteger(inputs)
  const exampleCount = countExamples(x)
  const pointCount = exampleCount * (smoothGrad?.samples ?? 1)
  const ranges = x.map(rangesOf)
  const backend = async (first: number, end: number): Promise<Pass> => {
    // Point q is sample ⌊q / N⌋ of example q mod N.
    const rowOf = Int32Array.from({ length: end - first }, (_, q) => (first + q) % exampleCount)
    const points = x.map((array, j) => {
      const rows = takeRows(array, rowOf)
      return smoothGrad === null
        ? rows
        : noisy(rows, ranges[j]!, rowOf, smoothGrad.noiseLevel, (q) =>
            seededNormal(smoothGrad.seed, rowOf[q]!, Math.floor((first + q) / exampleCount), j),
          )
    })
    const gradients = await call.run((session) =>
      sites.gradients(
        session,
        { x: points, further: mapValues(further, (array) => takeRows(array, rowOf)) },
        takeIndices(target.indices, target.terms, rowOf),
      ),
    )
    return { rowOf, gradients }
  }
  let sums: { data: Float64Array; shape: readonly number[] }[] | undefined
  const size = await batchSize.resolve(call, () => examples)
  for await (const { result, end } of runInBatches(pointCount, size, backend, {
    ...{ remedy: memoryRemedy, concurrency: await call.concurrency() },
  })) {
    const { rowOf, gradients } = result
    sums ??= gradients.map(({ shape }) => {
      const whole = [exampleCount, ...shape.slice(1)]
      return { data: new Float64Array(sizeOf(whole)), shape: whole }
    })
    for (const [k, gradient] of gradients.entries()) {
      addRows(sums[k]!.data, gradient, rowOf, target.signs, smoothGrad?.squared ?? false)
    }
    await call.pause()
    report({ phase: 'explain', done: end, total: pointCount })
  }
  const count = smoothGrad?.samples ?? 1
  return (sums ?? []).map(({ data, shape }) => ({
    data: Float32Array.from(data, (sum) => sum / count),
    shape,
  }))
}

interface Pass {
  /** The examples of the points. */
  readonly rowOf: Int32Array
  readonly gradients: readonly NdArray[]
}

function assertNotInteger(inputs: readonly ArraySpec[]): void {
  const integer = inputs.find(({ dtype }) => dtype === 'int32')
  if (integer === undefined) return
  throw new InvalidArgumentError(
    'smoothGrad',
    `noise on input '${integer.name}' of integers`,
    'only inputs of fractional numbers',
  )
}

/** max − min of each example. */
function rangesOf({ data, shape }: NdArray): Float64Array {
  const size = sizeOf(shape.slice(1))
  return Float64Array.from({ length: shape[0] ?? 0 }, (_, i) => {
    let least = Infinity
    let most = -Infinity
    for (const value of data.subarray(i * size, (i + 1) * size)) {
      least = Math.min(least, value)
      most = Math.max(most, value)
    }
    return most - least
  })
}

/** Each row with noise from a stream of its own, so that batches do not change it. */
function noisy(
  rows: NdArray,
  ranges: Float64Array,
  rowOf: Int32Array,
  noiseLevel: number,
  streamOf: (q: number) => Random,
): NdArray {
  const size = sizeOf(rows.shape.slice(1))
  const data = Float32Array.from(rows.data)
  for (const [q, i] of rowOf.entries()) {
    const normal = streamOf(q)
    const deviation = noiseLevel * (ranges[i] ?? 0)
    for (let k = q * size; k < (q + 1) * size; k++) {
      data[k] = (rows.data[k] ?? NaN) + deviation * normal()
    }
  }
  return { data, shape: rows.shape }
}

function addRows(
  sum: Float64Array,
  gradient: NdArray,
  rowOf: Int32Array,
  signs: Int8Array,
  squared: boolean,
): void {
  const size = sizeOf(gradient.shape.slice(1))
  for (const [q, i] of rowOf.entries()) {
    for (let k = 0; k < size; k++) {
      const value = gradient.data[q * size + k] ?? NaN
      if (!Number.isFinite(value)) {
        throw new NonFiniteError(
          `the gradient of example ${i}`,
          value,
          [i, k],
          'Look at the weights, and at ops without a finite gradient there (sqrt or log at 0, say).',
        )
      }
      sum[i * size + k]! += squared ? value * value : (signs[i] ?? 1) * value
    }
  }
}
