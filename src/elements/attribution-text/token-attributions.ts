import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import {
  attributionsOf,
  explainedExample,
  magnitudeLimit,
  ofSign,
  summedBehind,
  targetName,
  type Sign,
} from '../base/attributions.js'
import type { GivenExplanation } from '../base/explanation-source.js'

/** What each token of a text speaks for. */
export interface TokenAttributions {
  readonly tokens: readonly TokenAttribution[]
  /** The magnitude that has the strongest colour. */
  readonly limit: number
  /** The output that the values speak for or against; null: the only one. */
  readonly target: string | null
}

/** A token and its attribution, summed over its embedding. */
export interface TokenAttribution {
  readonly index: number
  /** Empty: padding, which is not shown. */
  readonly token: string
  readonly value: number
  /** −1 … 1 of the strongest colour; 0 for the sign that is not shown. */
  readonly share: number
}

export interface TokenOptions {
  readonly index: number
  readonly input: number
  readonly tokens: readonly string[] | null
  readonly labels: readonly string[]
  readonly sign: Sign
  readonly clip: number
}

/** @throws InvalidArgumentError if the attributions are not those of a sequence, or the tokens are not as many */
export function tokenAttributions(
  explanation: GivenExplanation,
  { index, input, tokens, labels, sign, clip }: TokenOptions,
): TokenAttributions {
  const attributions = attributionsOf(explanation, input, index)
  const rank = attributions.shape.length
  if (rank !== 1 && rank !== 2) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `shape [${attributions.shape.join(', ')}] for an example`,
      'those of a text, [tokens] or [tokens, embedding]; pictures are for <gl-attribution-image>',
    )
  }
  const values = summedBehind(attributions, 1)
  const words =
    tokens === null || tokens.length === 0 ? idsOf(explanation, index, values.length) : tokens
  if (words.length !== values.length) {
    const expected = `${values.length}, one for each position; '' where it is padding`
    throw new InvalidArgumentError('tokens', describe([...words]), expected)
  }
  const shown = ofSign(values, sign)
  const limit = magnitudeLimit(shown, clip)
  return {
    limit,
    target: targetName(explanation, index, labels),
    tokens: Array.from(values, (value, at) => ({
      index: at,
      token: words[at] ?? '',
      value,
      share: shareOf(shown[at]!, limit),
    })),
  }
}

function shareOf(value: number, limit: number): number {
  if (limit === 0 || !Number.isFinite(value)) return 0
  return Math.max(-1, Math.min(1, value / limit))
}

/** The model's own input: ids of tokens, one for each position. */
function idsOf(explanation: GivenExplanation, index: number, length: number): string[] {
  const ids = explainedExample(explanation, 0, index)
  if (ids?.data.length === length) return Array.from(ids.data, String)
  const expected = "the text's tokens: the explanation does not have them"
  throw new InvalidArgumentError('tokens', 'none', expected)
}
