import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import {
  getAttributions,
  getExplainedExample,
  findMagnitudeLimit,
  keepSign,
  sumTrailingAxes,
  nameTarget,
  type Sign,
} from '../base/attributions.js'
import type { GivenExplanation } from '../base/explanation-source.js'

/** The attributions of a text's tokens. */
export interface TokenAttributions {
  readonly tokens: readonly TokenAttribution[]
  /** The magnitude of the strongest colour. */
  readonly limit: number
  /** The name of the explained output; null if the model has a single output. */
  readonly target: string | null
}

/** A token and its attribution, summed over the embedding. */
export interface TokenAttribution {
  readonly index: number
  /** Empty for padding, which is not shown. */
  readonly token: string
  readonly value: number
  /** −1 … 1, as a share of the strongest colour; 0 for a sign that is not shown. */
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

/**
 * @throws InvalidArgumentError if the attributions are not those of a text, or the number of tokens
 * differs
 */
export function createTokenAttributions(
  explanation: GivenExplanation,
  { index, input, tokens, labels, sign, clip }: TokenOptions,
): TokenAttributions {
  const attributions = getAttributions(explanation, input, index)
  const rank = attributions.shape.length
  if (rank !== 1 && rank !== 2) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `shape [${attributions.shape.join(', ')}] for an example`,
      'those of a text, [tokens] or [tokens, embedding]; use <gl-attribution-image> for images',
    )
  }
  const values = sumTrailingAxes(attributions, 1)
  const words =
    tokens === null || tokens.length === 0 ? getIds(explanation, index, values.length) : tokens
  if (words.length !== values.length) {
    const expected = `${values.length}, one per position, '' for padding`
    throw new InvalidArgumentError('tokens', describe([...words]), expected)
  }
  const shown = keepSign(values, sign)
  const limit = findMagnitudeLimit(shown, clip)
  return {
    limit,
    target: nameTarget(explanation, index, labels),
    tokens: Array.from(values, (value, at) => ({
      index: at,
      token: words[at] ?? '',
      value,
      share: findShare(shown[at]!, limit),
    })),
  }
}

function findShare(value: number, limit: number): number {
  if (limit === 0 || !Number.isFinite(value)) return 0
  return Math.max(-1, Math.min(1, value / limit))
}

/** The token ids of the model's input, one per position. */
function getIds(explanation: GivenExplanation, index: number, length: number): string[] {
  const ids = getExplainedExample(explanation, 0, index)
  if (ids?.data.length === length) return Array.from(ids.data, String)
  const expected = "the text's tokens, because the explanation does not contain them"
  throw new InvalidArgumentError('tokens', 'none', expected)
}
