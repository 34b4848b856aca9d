import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import { attributionsOf, explainedExample, targetName } from '../base/attributions.js'
import type { GivenExplanation } from '../base/explanation-source.js'

/** What each feature of one example speaks for. */
export interface FeatureAttributions {
  readonly features: readonly FeatureAttribution[]
  /** The output that the values speak for or against; null: the only one. */
  readonly target: string | null
}

export interface FeatureAttribution {
  readonly index: number
  readonly name: string
  /** The example's own value; null where it is not known. */
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

/** @throws InvalidArgumentError if the attributions are not those of a row of features */
export function featureAttributions(
  explanation: GivenExplanation,
  { index, input, features, values, labels }: FeatureOptions,
): FeatureAttributions {
  const { data, shape } = attributionsOf(explanation, input, index)
  if (shape.length !== 1) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `shape [${shape.join(', ')}] for an example`,
      'one value for each feature; pictures are for <gl-attribution-image>, texts for <gl-attribution-text>',
    )
  }
  const count = data.length
  for (const [argument, given] of [
    ['features', features],
    ['values', values ?? []],
  ] as const) {
    if (given.length > 0 && given.length !== count) {
      const expected = `${count}, one for each attribution`
      throw new InvalidArgumentError(argument, describe([...given]), expected)
    }
  }
  const example = explainedExample(explanation, input, index)
  const own = example?.data.length === count ? example.data : null
  return {
    target: targetName(explanation, index, labels),
    features: Array.from(data, (attribution, at) => ({
      index: at,
      name: features[at] ?? `feature ${at}`,
      value: values?.[at] ?? own?.[at] ?? null,
      attribution,
    })),
  }
}

/** By magnitude, the greatest first; equals in their own order. What is no number comes last. */
export function byMagnitude(features: readonly FeatureAttribution[]): FeatureAttribution[] {
  const magnitude = ({ attribution }: FeatureAttribution): number =>
    Number.isFinite(attribution) ? Math.abs(attribution) : -1
  return [...features].sort((a, b) => magnitude(b) - magnitude(a) || a.index - b.index)
}
