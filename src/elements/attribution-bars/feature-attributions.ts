import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import { getAttributions, getExplainedExample, nameTarget } from '../base/attributions.js'
import type { GivenExplanation } from '../base/explanation-source.js'

/** The attributions of one example's features. */
export interface FeatureAttributions {
  readonly features: readonly FeatureAttribution[]
  /** The name of the explained output; null if the model has a single output. */
  readonly target: string | null
}

export interface FeatureAttribution {
  readonly index: number
  readonly name: string
  /** The example's value; null if it is unknown. */
  readonly value: number | string | null
  readonly attribution: number
}

export interface FeatureOptions {
  readonly index: number
  readonly input: number
  readonly features: readonly string[]
  readonly values: readonly (number | string)[] | null
  readonly labels: readonly string[]
}

/**
 * @throws InvalidArgumentError if there is not one attribution per feature, or the lists differ in
 * length
 */
export function createFeatureAttributions(
  explanation: GivenExplanation,
  { index, input, features, values, labels }: FeatureOptions,
): FeatureAttributions {
  const { data, shape } = getAttributions(explanation, input, index)
  if (shape.length !== 1) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `shape [${shape.join(', ')}] for an example`,
      'one value per feature; use <gl-attribution-image> for images and <gl-attribution-text> for texts',
    )
  }
  const count = data.length
  for (const [argument, given] of [
    ['features', features],
    ['values', values ?? []],
  ] as const) {
    if (given.length > 0 && given.length !== count) {
      const expected = `${count}, one per attribution`
      throw new InvalidArgumentError(argument, describe([...given]), expected)
    }
  }
  const example = getExplainedExample(explanation, input, index)
  const own = example?.data.length === count ? example.data : null
  return {
    target: nameTarget(explanation, index, labels),
    features: Array.from(data, (attribution, at) => ({
      index: at,
      name: features[at] ?? `feature ${at}`,
      value: values?.[at] ?? own?.[at] ?? null,
      attribution,
    })),
  }
}

/** Sorts by magnitude, the greatest first. Ties keep their order, and NaN comes last. */
export function sortByMagnitude(features: readonly FeatureAttribution[]): FeatureAttribution[] {
  const magnitude = ({ attribution }: FeatureAttribution): number =>
    Number.isFinite(attribution) ? Math.abs(attribution) : -1
  return [...features].sort((a, b) => magnitude(b) - magnitude(a) || a.index - b.index)
}
