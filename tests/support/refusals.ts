import { type GradlensError, type InvalidArgumentError, isGradlensError } from 'gradlens'
import { expect } from 'vitest'

/** The error of an action that must fail, at once or later. */
export async function errorOf(action: () => unknown): Promise<unknown> {
  try {
    await action()
  } catch (error) {
    return error
  }
  throw new Error('It was expected to be refused, and was not.')
}

/** The parts of an InvalidArgumentError: the argument, its value, and what was expected. */
export interface Refusal {
  readonly argument: string
  readonly got: string
  readonly expected: string
}

export async function expectRefusal(action: () => unknown, refusal: Refusal): Promise<void> {
  const error = (await errorOf(action)) as InvalidArgumentError
  expect(error).toMatchObject({
    name: 'InvalidArgumentError',
    argument: refusal.argument,
    message: `${refusal.argument}: got ${refusal.got}; expected ${refusal.expected}.`,
    expected: refusal.expected,
  })
  expect(isGradlensError(error, 'InvalidArgumentError')).toBe(true)
}

/** Expects an error of that class whose message has all of these parts. */
export async function expectError(
  action: () => unknown,
  name: GradlensError['name'],
  ...parts: readonly string[]
): Promise<GradlensError> {
  const error = (await errorOf(action)) as GradlensError
  expect(error.name, error.message).toBe(name)
  for (const part of parts) expect(error.message).toContain(part)
  return error
}
