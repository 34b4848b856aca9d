import { create } from '../../dom.js'

/** What an error says. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** A paragraph that says what went wrong. */
export function createFailure(message: string): HTMLElement {
  const line = create('p', 'failure-line', message)
  line.setAttribute('role', 'alert')
  return line
}
