import type { ArrayInput } from '../../array-input.js'
import { InvalidArgumentError } from '../../errors.js'
import type { ArraySpec } from '../../predictor.js'

/** Arrays by the names of the model's inputs. */
export type ByName = Readonly<Record<string, ArrayInput>>

/** True for an object with a value per input name, in contrast to one array with its data and shape. */
export function isByName(value: unknown, specs: readonly ArraySpec[]): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // A plain object, of any frame of the page.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false
  const keys = Object.keys(value)
  const isOneArray = keys.some((key) => key === 'data' || key === 'shape' || key === 'dims')
  return keys.length > 0 && (!isOneArray || hasInputNames(value, specs))
}

/** True if all of its keys are names of inputs: not a raw item. */
export const hasInputNames = (value: object, specs: readonly ArraySpec[]): boolean =>
  Object.keys(value).every((key) => specs.some(({ name }) => name === key))

/**
 * Arrays by name as a list in the order of the inputs; undefined for an input that is left out.
 *
 * @throws InvalidArgumentError for the name of no input
 */
export function inInputOrder<Given>(
  argument: string,
  value: Readonly<Record<string, Given>>,
  specs: readonly ArraySpec[],
): (Given | undefined)[] {
  const unknown = Object.keys(value).find((key) => specs.every(({ name }) => name !== key))
  if (unknown === undefined) {
    return specs.map(({ name }) => (Object.hasOwn(value, name) ? value[name] : undefined))
  }
  throw new InvalidArgumentError(
    argument,
    `'${unknown}', which is not the name of an input here`,
    `arrays by the names of the inputs: ${listNames(specs)}`,
  )
}

export const listNames = (specs: readonly ArraySpec[]): string =>
  specs.map(({ name }) => `'${name}'`).join(', ')
