import { InvalidArgumentError } from '../../errors.js'
import { describe, assertKnownKeys, readPositiveInteger } from '../../options.js'
import { readSeed } from '../../random.js'

/** Projects gradients to fewer numbers at random; inner products are unbiased estimates. */
export interface ProjectionOptions {
  /** The most numbers that a gradient takes over all parameters, for example 4096. */
  readonly size: number
  /** The seed of the matrices, an unsigned 32-bit integer. Default 0. */
  readonly seed?: number | undefined
}

export interface ProjectionSettings extends ProjectionOptions {
  readonly seed: number
}

/** @throws InvalidArgumentError for an invalid size or seed */
export function readProjection(value: unknown): ProjectionSettings {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidArgumentError('projection', describe(value), 'an object: { size, seed }')
  }
  assertKnownKeys('projection', value, ['size', 'seed'])
  const { size, seed } = value as Partial<ProjectionOptions>
  return {
    size: readPositiveInteger('projection.size', size),
    seed: readSeed('projection.seed', seed ?? 0),
  }
}
