import { InvalidArgumentError } from '../../../errors.js'
import { describe } from '../../../options.js'

/** What one of the ranked examples is called, and what several are called: 'photo' and 'photos'. */
export type Nouns = readonly string[]

/** What the ranked examples are called in sentences. */
export interface ExampleNouns {
  readonly one: string
  readonly many: string
}

export const usualNouns: Nouns = ['training example', 'training examples']

/** @throws InvalidArgumentError for anything but two words */
export function readNouns(given: Nouns): ExampleNouns {
  const [one = '', many = '', ...others] = Array.isArray(given) ? (given as readonly string[]) : []
  if (one !== '' && many !== '' && others.length === 0) return { one, many }
  const expected = "the word for one example and the word for several, such as ['photo', 'photos']"
  throw new InvalidArgumentError('nouns', describe(given), expected)
}
