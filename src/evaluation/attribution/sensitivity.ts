import { InvalidArgumentError } from '../../errors.js'
import { createProgressReporter } from '../../explainers/session/progress.js'
import { type NdArray, sameShape, sizeOf } from '../../ndarray.js'
import {
  type CallOptions,
  checkSignal,
  describe,
  assertKnownKeys,
  readNonNegativeNumber,
  readPositiveInteger,
} from '../../options.js'
import { readSeed, seededRandom } from '../../random.js'
import { waitForNextTask } from '../../scheduling.js'
import { type Arrays, isListOfArrays, readArrays } from '../arrays.js'
import { computeMean } from '../correlation.js'

/** Options of sensitivityMax. */
export interface SensitivityOptions extends CallOptions {
  /** The noise is uniform between −radius and radius, in the units of x. Default 0.02. */
  readonly radius?: number | undefined
  /** The number of perturbations per example. Default 10. */
  readonly samples?: number | undefined
  /** The seed of the noise. Default 0. */
  readonly seed?: number | undefined
}

const optionNames: readonly (keyof SensitivityOptions)[] = [
  'radius',
  'samples',
  'seed',
  'signal',
  'onProgress',
]

/** The result of sensitivityMax, for N examples. */
export interface SensitivityData {
  /** [N] f64: the greatest ‖Φ(x + noise) − Φ(x)‖ / ‖Φ(x)‖ of each example. 0 / 0 counts as 0. */
  readonly sensitivities: NdArray
  /** [N] f64: the greatest ‖Φ(x + noise) − Φ(x)‖. */
  readonly distances: NdArray
  /** [N] f64: ‖Φ(x)‖. */
  readonly norms: NdArray
  /** The mean of the sensitivities. */
  readonly mean: number
}

/** Returns the attributions Φ of examples. The function itself knows the model and the target. */
export type Explain = (x: NdArray | readonly NdArray[], signal?: AbortSignal) => Promise<Arrays>

/**
 * Measures how much attributions change when noise is added to the example: the greatest relative
 * change in Euclidean norm. Lower is better. A constant explanation has 0.
 *
 * Max-sensitivity of Yeh, Hsieh, Suggala, Inouye and Ravikumar (2019), "On the (in)fidelity and
 * sensitivity of explanations", estimated as captum does: with uniform noise in the L∞ ball, and
 * relative to ‖Φ(x)‖, so that methods of different scale can be compared. `distances` has the
 * authors' own definition, which is not relative.
 *
 * @param explain returns the attributions of all examples, in the order of x and for its targets.
 *   It is called `samples` + 1 times with float32: one array for one input, a list for several
 * @param x [N, …], or a list of one such array per model input
 * @throws InvalidArgumentError; NonFiniteError for attributions that are not finite; the errors of
 *   `explain`; the signal's reason
 *
 * @example
 * using explainer = new IntegratedGradients(tfjsPredictor(model))
 * const { sensitivities } = await sensitivityMax(
 *   async (points) =>
 *     (await explainer.explain(points, { target: 3 })).attributions,
 *   x,
 * )
 */
export async function sensitivityMax(
  explain: Explain,
  x: Arrays,
  options: SensitivityOptions = {},
): Promise<SensitivityData> {
  assertKnownKeys('options', options, optionNames)
  const { signal, onProgress } = options
  checkSignal(signal)
  signal?.throwIfAborted()
  if (typeof explain !== 'function') {
    throw new InvalidArgumentError(
      'explain',
      describe(explain),
      'a function that returns the attributions of examples',
    )
  }
  const radius = readNonNegativeNumber('radius', options.radius ?? 0.02)
  const samples = readPositiveInteger('samples', options.samples ?? 10)
  const seed = readSeed('seed', options.seed ?? 0)
  const isList = isListOfArrays(x)
  const inputs = (await readArrays('x', x)).map(toFloat32)
  const exampleCount = inputs[0]?.shape[0] ?? 0
  const report = createProgressReporter('sensitivityMax', false, onProgress)
  const attribute = async (points: readonly NdArray[]): Promise<NdArray[]> => {
    const given = await explain(isList ? points : points[0]!, signal)
    signal?.throwIfAborted()
    const attributions = await readArrays('the attributions', given)
    assertExamples(attributions, exampleCount)
    return attributions
  }

  const own = await attribute(inputs)
  const norms = computeDistances(own)
  const distances = new Float64Array(exampleCount)
  for (let sample = 0; sample < samples; sample++) {
    const moved = await attribute(
      inputs.map((array, j) => addNoise(array, radius, [seed, sample, j])),
    )
    assertSameShapes(moved, own)
    for (const [i, distance] of computeDistances(own, moved).entries()) {
      distances[i] = Math.max(distances[i]!, distance)
    }
    await waitForNextTask()
    signal?.throwIfAborted()
    report({
      phase: 'evaluate',
      done: (sample + 1) * exampleCount,
      total: samples * exampleCount,
    })
  }
  const sensitivities = distances.map((distance, i) => (distance === 0 ? 0 : distance / norms[i]!))
  const shape = [exampleCount]
  return {
    sensitivities: { data: sensitivities, shape },
    distances: { data: distances, shape },
    norms: { data: norms, shape },
    mean: computeMean(sensitivities),
  }
}

const toFloat32 = ({ data, shape }: NdArray): NdArray => ({ data: Float32Array.from(data), shape })

/** Adds noise to each example. An example's noise doesn't depend on the other examples. */
function addNoise(array: NdArray, radius: number, key: readonly number[]): NdArray {
  const size = sizeOf(array.shape.slice(1))
  const data = new Float32Array(array.data.length)
  for (let start = 0; start < data.length; start += size) {
    const random = seededRandom(...key, start / size)
    for (let k = start; k < start + size; k++) {
      data[k] = array.data[k]! + radius * (2 * random() - 1)
    }
  }
  return { data, shape: array.shape }
}

/** Returns ‖a − b‖ of each example over all arrays, or ‖a‖ without b. */
function computeDistances(a: readonly NdArray[], b?: readonly NdArray[]): Float64Array {
  const sums = new Float64Array(a[0]?.shape[0] ?? 0)
  for (const [j, { data, shape }] of a.entries()) {
    const size = sizeOf(shape.slice(1))
    const other = b?.[j]?.data
    for (let k = 0; k < data.length; k++) {
      const difference = data[k]! - (other?.[k] ?? 0)
      sums[Math.floor(k / size)]! += difference * difference
    }
  }
  return sums.map(Math.sqrt)
}

function assertExamples(attributions: readonly NdArray[], exampleCount: number): void {
  const count = attributions[0]?.shape[0]
  if (count === exampleCount) return
  throw new InvalidArgumentError(
    'explain',
    `attributions of ${String(count)} examples`,
    `attributions of all ${exampleCount} examples`,
  )
}

function assertSameShapes(moved: readonly NdArray[], own: readonly NdArray[]): void {
  const same =
    moved.length === own.length && moved.every(({ shape }, j) => sameShape(shape, own[j]!.shape))
  if (same) return
  const shapes = (arrays: readonly NdArray[]): string =>
    arrays.map(({ shape }) => `[${shape.join(', ')}]`).join(', ')
  throw new InvalidArgumentError(
    'explain',
    `attributions of shape ${shapes(moved)} after ${shapes(own)}`,
    'the same shapes for all perturbations',
  )
}
