import { InvalidArgumentError } from '../errors.js'
import type { ArrayInput, NdArray } from '../ndarray.js'
import { assertFinite, rows, toNdArray } from '../ndarray.js'
import { describe } from '../options.js'
import type { ArraySpec } from '../predictor.js'

/** Examples: one array for a model of one input, a list of arrays for one of several. The batch comes first. */
export type Inputs = ArrayInput | readonly ArrayInput[]

/**
 * Reads examples into one array per input of the model. A single example without batch axis gets one.
 *
 * @throws InvalidArgumentError if their number, shape or length does not fit, or there are none;
 *   NonFiniteError if they hold NaN or an infinity
 */
export async function readInputs(
  argument: string,
  x: Inputs,
  specs: readonly ArraySpec[],
): Promise<NdArray[]> {
  const list = specs.length === 1 ? [x as ArrayInput] : (x as readonly ArrayInput[])
  if (!Array.isArray(list) || list.length !== specs.length) {
    const names = specs.map(({ name }) => name).join(', ')
    throw new InvalidArgumentError(
      argument,
      describe(x),
      `a list of ${String(specs.length)} arrays, one per model input (${names})`,
    )
  }
  const arrays = await Promise.all(
    specs.map((spec, i) => {
      const name = specs.length === 1 ? argument : `${argument}[${String(i)}]`
      return readInput(name, list[i] as ArrayInput, spec)
    }),
  )
  const counts = arrays.map(({ shape }) => shape[0] ?? 0)
  if (new Set(counts).size > 1) {
    throw new InvalidArgumentError(
      argument,
      `inputs of ${counts.join(', ')} examples`,
      'the same number of examples in each',
    )
  }
  return arrays
}

export const rowCountOf = (x: readonly NdArray[]): number => x[0]?.shape[0] ?? 0

export const rowsOf = (x: readonly NdArray[], start: number, end: number): NdArray[] =>
  x.map((array) => rows(array, start, end))

async function readInput(argument: string, value: ArrayInput, spec: ArraySpec): Promise<NdArray> {
  const array = await toNdArray(argument, value)
  if (array.data.length === 0) {
    throw new InvalidArgumentError(
      argument,
      `nothing, shape [${array.shape.join(', ')}]`,
      'one example or more, none of them empty',
    )
  }
  const batch = fits(array.shape, spec.shape)
    ? { data: array.data, shape: [1, ...array.shape] }
    : array
  if (!fits(batch.shape.slice(1), spec.shape) || batch.shape.length === 0) {
    const expected = ['examples', ...spec.shape.map((length) => length ?? 'any')].join(', ')
    throw new InvalidArgumentError(
      argument,
      `shape [${array.shape.join(', ')}]`,
      `shape [${expected}] for model input '${spec.name}'`,
    )
  }
  assertFinite(argument, batch)
  return batch
}

function fits(shape: readonly number[], spec: readonly (number | null)[]): boolean {
  return (
    shape.length === spec.length &&
    spec.every((length, axis) => length === null || length === shape[axis])
  )
}
