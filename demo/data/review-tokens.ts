/** A word, a number or a mark of a text, with its position. */
export interface Token {
  /** In lower case, with straight apostrophes. */
  readonly word: string
  readonly start: number
  readonly end: number
}

/** The number of tokens that the model reads. Later tokens are ignored. */
export const reviewLength = 32
/** The id that follows the last token. The model masks it. */
export const paddingId = 0
/** The id of all words that are not in the vocabulary. */
export const unknownId = 1

const firstWordId = 2
const pattern = /[a-z]+(?:['’][a-z]+)*|[0-9]+|[!?]/gi

/** The tokens in order. Full stops, commas and most other marks are not tokens. */
export function tokensOf(text: string): Token[] {
  return Array.from(text.matchAll(pattern), ({ 0: matched, index }) => ({
    word: matched.toLowerCase().replaceAll('’', "'"),
    start: index,
    end: index + matched.length,
  }))
}

/** The words that the model knows, and their ids. */
export class Vocabulary {
  readonly #ids: ReadonlyMap<string, number>

  /** @param words in the order of their ids */
  constructor(words: readonly string[]) {
    this.#ids = new Map(words.map((word, index) => [word, firstWordId + index]))
  }

  /** The number of ids, including those of padding and unknown words. */
  get size(): number {
    return firstWordId + this.#ids.size
  }

  has(word: string): boolean {
    return this.#ids.has(word)
  }

  /** The model's input for one text: the ids of the first `reviewLength` tokens, then padding. */
  encode(tokens: readonly Token[]): Int32Array {
    const ids = new Int32Array(reviewLength).fill(paddingId)
    for (const [position, { word }] of tokens.slice(0, reviewLength).entries()) {
      ids[position] = this.#ids.get(word) ?? unknownId
    }
    return ids
  }
}
