import { InvalidArgumentError } from '../../../errors.js'
import { readChoice, readPositiveInteger } from '../../../options.js'

export const quadratureMethods = [
  'riemann_left',
  'riemann_right',
  'riemann_middle',
  'riemann_trapezoid',
  'gausslegendre',
] as const

/** The rule by which the path integral is computed. */
export type QuadratureMethod = (typeof quadratureMethods)[number]

/** @throws InvalidArgumentError for an unknown method, or a number of steps that it can't have */
export function assertQuadrature(method: QuadratureMethod, nSteps: number): void {
  readChoice('method', method, quadratureMethods)
  readPositiveInteger('nSteps', nSteps)
  if (method === 'riemann_trapezoid' && nSteps < 2) {
    throw new InvalidArgumentError('nSteps', String(nSteps), "2 or more for 'riemann_trapezoid'")
  }
}
