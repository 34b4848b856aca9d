import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import type { ArraySpec } from '../../predictor.js'

/** True for the shape of one example. */
export function fits(shape: readonly number[], spec: ArraySpec['shape']): boolean {
  return (
    shape.length === spec.length &&
    spec.every((length, axis) => length === null || length === shape[axis])
  )
}

/** @throws InvalidArgumentError if these aren't examples [N, …] of that input */
export function assertFits(argument: string, { shape }: NdArray, spec: ArraySpec): void {
  if (shape.length > 0 && fits(shape.slice(1), spec.shape)) return
  const expected = ['examples', ...spec.shape.map((length) => length ?? 'any')].join(', ')
  throw new InvalidArgumentError(
    argument,
    `shape [${shape.join(', ')}]`,
    `shape [${expected}] for model input '${spec.name}'`,
  )
}
