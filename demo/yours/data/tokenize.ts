import type { TextFacts } from '../models/model-facts.js'

/** Token ids, and the text of each. */
export interface Tokens {
  readonly ids: readonly number[]
  readonly texts: readonly string[]
}

/** What Keras strips as punctuation. */
const punctuation = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g

const unknownId = 1

const known = new WeakMap<readonly string[], ReadonlyMap<string, number>>()

/**
 * Converts a text as the TextVectorization layer of Keras does: words that the vocabulary doesn't
 * have are 1, and the rest of the length is padded with 0.
 *
 * @param length the number of ids; by default that of the facts, or of the text
 */
export function tokenize(text: string, facts: TextFacts, length = facts.length): Tokens {
  const { vocabulary, standardize } = facts
  let ids = known.get(vocabulary)
  if (ids === undefined) {
    ids = new Map(vocabulary.map((word, id) => [word, id]))
    known.set(vocabulary, ids)
  }
  const lower = standardize.startsWith('lower') ? text.toLowerCase() : text
  const plain = standardize.endsWith('strip_punctuation') ? lower.replace(punctuation, '') : lower
  const words = plain.split(/\s+/).filter((word) => word !== '')
  const shown = length === null ? words : words.slice(0, length)
  const padding = Math.max(0, (length ?? shown.length) - shown.length)
  const own = ids
  return {
    ids: [...shown.map((word) => own.get(word) ?? unknownId), ...Array<number>(padding).fill(0)],
    texts: [...shown, ...Array<string>(padding).fill('')],
  }
}
