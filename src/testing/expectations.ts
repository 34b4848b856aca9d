import { isGradlensError } from '../errors.js'

/** Throws an error with a message of the case. */
export function expectTrue(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(message)
}

/** Compares two values as JSON. */
export function expectSame(what: string, got: unknown, expected: unknown): void {
  const [gotText, expectedText] = [JSON.stringify(got), JSON.stringify(expected)]
  expectTrue(gotText === expectedText, `${what}: got ${gotText}; expected ${expectedText}.`)
}

/** Expects each number within a tolerance, relative to the largest one but not below 1. */
export function expectNear(
  what: string,
  got: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expectSame(`the length of ${what}`, got?.length, expected.length)
  let largest = 1
  for (const value of Array.from(expected)) largest = Math.max(largest, Math.abs(value))
  for (let k = 0; k < expected.length; k++) {
    const difference = Math.abs(got![k]! - expected[k]!)
    if (difference <= tolerance * largest) continue
    throw new Error(
      `${what}: got ${got![k]} at ${k}; expected ${expected[k]}, within ${tolerance * largest}.`,
    )
  }
}

/** Expects a call to fail with an error of this library. */
export async function expectError(
  what: string,
  call: Promise<unknown>,
  name: 'DeviceError' | 'DisposedError' | 'InvalidArgumentError',
): Promise<Error> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (isGradlensError(error, name)) return error
  const got = error instanceof Error ? `${error.name}: ${error.message}` : 'no error'
  throw new Error(`${what}: got ${got}; expected a ${name}.`)
}
