import { InvalidArgumentError } from '../../../errors.js'
import { assertKnownKeys, describe, readPositiveInteger } from '../../../options.js'
import { readSeed } from '../../../random.js'

/** Options of SmoothGrad (Smilkov et al., 2017). `squared` is as in Hooker et al. (2019). */
export interface SmoothGradOptions {
  /** How many noisy copies of each example. Default 25. */
  readonly samples?: number
  /** The noise's standard deviation, as a share of the example's own max − min per input. Default 0.15. */
  readonly noiseLevel?: number
  /** Mean of the squared gradients (SmoothGrad²). Default false. */
  readonly squared?: boolean
  /** Same seed, same noise, on every device and in every batch size. Default 0. */
  readonly seed?: number
}

const optionNames: readonly (keyof SmoothGradOptions)[] = [
  'samples',
  'noiseLevel',
  'squared',
  'seed',
]

export function readSmoothGrad(
  argument: string,
  options: SmoothGradOptions,
): Required<SmoothGradOptions> {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw new InvalidArgumentError(argument, describe(options), 'an object of options')
  }
  assertKnownKeys(argument, options, optionNames)
  const noiseLevel = options.noiseLevel ?? 0.15
  if (!(noiseLevel > 0 && Number.isFinite(noiseLevel))) {
    throw new InvalidArgumentError(
      `${argument}.noiseLevel`,
      describe(noiseLevel),
      'a number above 0',
    )
  }
  return {
    samples: readPositiveInteger(`${argument}.samples`, options.samples ?? 25),
    noiseLevel,
    squared: options.squared ?? false,
    seed: readSeed(`${argument}.seed`, options.seed ?? 0),
  }
}
