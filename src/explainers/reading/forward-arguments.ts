import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import type { NdArray } from '../../ndarray.js'
import type { ArraySpec, ForwardArguments } from '../../predictor.js'
import { readInput } from './inputs.js'

/** Reads further arguments of the model's call, each by its name; those that name an input as that input. */
export async function readForwardArguments(
  argument: string,
  given: Readonly<Record<string, ArrayInput>>,
  inputs: readonly ArraySpec[],
): Promise<ForwardArguments> {
  const read = Object.entries(given).map(async ([name, value]) => {
    const spec = inputs.find((input) => input.name === name)
    const own = `${argument}.${name}`
    const array = spec === undefined ? toNdArray(own, value) : readInput(own, value, spec)
    return [name, await array] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

/** @throws InvalidArgumentError if one of them has not one row per example */
export function assertRowCounts(
  argument: string,
  further: ForwardArguments,
  exampleCount: number,
): void {
  for (const [name, { shape }] of Object.entries(further)) {
    if (shape[0] === exampleCount) continue
    throw new InvalidArgumentError(
      `${argument}.${name}`,
      `shape [${shape.join(', ')}]`,
      `${exampleCount} rows, one per example`,
    )
  }
}

export function mapValues(
  arrays: ForwardArguments,
  change: (array: NdArray) => NdArray,
): ForwardArguments {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, change(array)]))
}
