import { UnsupportedError } from '../errors.js'
import { concatenateRows, type NdArray, rows } from '../ndarray.js'
import type { ForwardArguments, PredictorSession } from '../predictor.js'

/**
 * The largest difference between an example's output alone and in its batch, relative to the batch's
 * largest output. Float32 sums in another order stay below 1e-5 in every model of the tests, and come
 * near 1e-4 in deep nets on GPUs.
 */
const outputTolerance = 1e-3

/**
 * The same between two calls with the same examples. Only atomic additions make the same kernels differ
 * between calls.
 */
const repeatTolerance = 1e-5

/** A model whose outputs are compared. */
interface CheckedModel extends Pick<PredictorSession, 'predict'> {
  readonly name: string
}

/** The model's output for a batch. */
export interface BatchOutput {
  readonly exampleCount: number
  readonly output: NdArray
}

/** The model's output for one example of a batch, alone. */
export interface SingleOutput {
  readonly row: number
  readonly output: NdArray
}

/** A batch of the inputs of a model, with further arguments. */
export interface Examples {
  readonly x: readonly NdArray[]
  readonly forwardArguments: ForwardArguments
}

/**
 * Compares the outputs of single examples with those in their batch.
 *
 * @param remedy the option that computes each example in a batch of its own
 * @throws UnsupportedError if they differ: the gradients of a batch are then not those of its examples
 */
export async function compareOutputs(
  passes: CheckedModel,
  examples: Examples,
  together: BatchOutput,
  singles: readonly SingleOutput[],
  remedy: string,
): Promise<void> {
  const differences = singles.map((single) => measureDifference(single, together))
  // Random numbers are the simpler reason, so they are ruled out first.
  if (!differences.every((difference) => difference <= repeatTolerance)) {
    await assertRepeatable(passes, examples)
  }
  for (const [k, single] of singles.entries()) {
    const difference = differences[k]!
    if (!(difference <= outputTolerance)) refuseMixed(passes.name, single, together, remedy)
  }
}

/**
 * Compares the model's outputs for the first and the last example alone with those in a batch of the
 * two.
 *
 * @throws UnsupportedError if they differ, or the model draws random numbers
 */
export async function assertExamplesApart(
  passes: CheckedModel,
  { x, forwardArguments }: Examples,
  remedy: string,
): Promise<void> {
  const both = firstAndLastOf({ x, forwardArguments })
  const together = { exampleCount: 2, output: await predictAll(passes, both) }
  const singles: SingleOutput[] = []
  for (const row of [0, 1]) {
    const alone = mapExamples(both, (array) => rows(array, row, row + 1))
    singles.push({ row, output: await predictAll(passes, alone) })
  }
  await compareOutputs(passes, both, together, singles, remedy)
}

/**
 * Runs the model twice on the first and the last example.
 *
 * @throws UnsupportedError if the outputs differ, because the model draws random numbers
 */
export async function assertRepeatable(passes: CheckedModel, examples: Examples): Promise<void> {
  const both = firstAndLastOf(examples)
  const first = await predictAll(passes, both)
  const second = await predictAll(passes, both)
  const largest = largestFinite(first.data)
  const difference = largestFinite(subtract(first.data, second.data))
  if (difference <= repeatTolerance * largest) return
  const { name } = passes
  throw new UnsupportedError(
    name,
    `model '${name}' gives two outputs for the same example: they differ by ${difference.toPrecision(2)}, where the ` +
      `largest output is ${largest.toPrecision(2)}. It draws random numbers, as a variational autoencoder or dropout at ` +
      'inference does, so there is no gradient to explain. Explain the mean instead of a sample, or switch the ' +
      'dropout off.',
  )
}

/** Relative to the batch's largest output; Infinity if the batch's output is not one per example. */
function measureDifference(single: SingleOutput, together: BatchOutput): number {
  const own = findOwnOutput(single, together)
  if (own === undefined) return Infinity
  // NaN − NaN proves nothing. Gradients that are not finite are reported where they are used.
  const difference = largestFinite(subtract(single.output.data, own))
  return difference === 0 ? 0 : difference / largestFinite(together.output.data)
}

function findOwnOutput(
  { row, output: { data } }: SingleOutput,
  { exampleCount, output }: BatchOutput,
): NdArray['data'] | undefined {
  const isSplit = output.data.length === exampleCount * data.length
  return isSplit ? output.data.subarray(row * data.length, (row + 1) * data.length) : undefined
}

function refuseMixed(
  name: string,
  single: SingleOutput,
  together: BatchOutput,
  remedy: string,
): never {
  const { data } = single.output
  const all = together.output.data
  const own = findOwnOutput(single, together)
  const measured =
    own === undefined
      ? `has ${data.length} numbers, and that for all ${together.exampleCount} examples has ${all.length}`
      : `differs by ${largestFinite(subtract(data, own)).toPrecision(2)}, where the batch's largest value is ` +
        largestFinite(all).toPrecision(2)
  throw new UnsupportedError(
    name,
    `model '${name}' mixes the examples of a batch: its output for example ${single.row} alone ${measured}. ` +
      'So the gradient of an example depends on the other examples. Remove the op across the batch axis (a mean, a ' +
      `softmax, statistics of the batch), or use ${remedy}, which computes each example in a batch of its own.`,
  )
}

const predictAll = (passes: CheckedModel, { x, forwardArguments }: Examples): Promise<NdArray> =>
  passes.predict(x, forwardArguments)

const subtract = (one: NdArray['data'], other: NdArray['data']): Float64Array =>
  Float64Array.from(one, (value, k) => value - other[k]!)

function largestFinite(values: NdArray['data']): number {
  let largest = 0
  for (const value of values) {
    const size = Math.abs(value)
    if (size > largest && size < Infinity) largest = size
  }
  return largest
}

function firstAndLast(array: NdArray): NdArray {
  const [count = 0] = array.shape
  if (count <= 2) return array
  return concatenateRows([rows(array, 0, 1), rows(array, count - 1, count)])
}

const firstAndLastOf = (examples: Examples): Examples => mapExamples(examples, firstAndLast)

const mapExamples = (
  { x, forwardArguments }: Examples,
  map: (array: NdArray) => NdArray,
): Examples => ({
  x: x.map(map),
  forwardArguments: Object.fromEntries(
    Object.entries(forwardArguments).map(([name, array]) => [name, map(array)]),
  ),
})
