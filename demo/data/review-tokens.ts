/** A word, a number or a mark of a text, and where it stands there. */
export interface Token {
  /** In lower case, apostrophes straight. */
  readonly word: string
  readonly start: number
  readonly end: number
}

/** How many tokens the model reads: those after them are left out. */
export const reviewLength = 32
/** Stands behind the last token; the model passes over it. */
export const paddingId = 0
/** Stands for each word that is not in the vocabulary. */
export const unknownId = 1

const firstWordId = 2
const pattern = /[a-z]+(?:['’][a-z]+)*|[0-9]+|[!?]/gi

/** All tokens, in their order: full stops, commas and other marks are none. */
export function tokensOf(text: string): Token[] {
  return Array.from(text.matchAll(pattern), ({ 0: matched, index }) => ({
    word: matched.toLowerCase().replaceAll('’', "'"),
    start: index,
    end: index + matched.length,
  }))
}

/** The words that the model knows, and their numbers. */
export class Vocabulary {
  readonly #ids: ReadonlyMap<string, number>

  /** @param words in the order of their numbers */
  constructor(words: readonly string[]) {
    this.#ids = new Map(words.map((word, index) => [word, firstWordId + index]))
  }

  /** How many different numbers there are, those for padding and unknown words among them. */
  get size(): number {
    return firstWordId + this.#ids.size
  }

  has(word: string): boolean {
    return this.#ids.has(word)
  }

  /** One row of the model's input: the numbers of the first `reviewLength` tokens, then padding. */
  encode(tokens: readonly Token[]): Int32Array {
    const ids = new Int32Array(reviewLength).fill(paddingId)
    for (const [position, { word }] of tokens.slice(0, reviewLength).entries()) {
      ids[position] = this.#ids.get(word) ?? unknownId
    }
    return ids
  }
}
