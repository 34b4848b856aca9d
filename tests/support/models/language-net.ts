import type { DenseLayer } from './dense-net.js'

/** Weights are bytes b in base64 after a scale s, "1s|…", with the values (b − 127) / s. */
interface EncodedLayer {
  readonly type: string
  readonly _biases: string
  readonly _filters: readonly string[]
}

/** A pretrained net from the shares of n-grams in a text to 50 languages: npm's `lande`, 620–120–50. */
export interface LanguageNet {
  readonly layers: readonly DenseLayer[]
  /** ISO 639-3, by output. */
  readonly languages: readonly string[]
  /** By input; a space is the end of a word. */
  readonly ngrams: readonly string[]
  readonly inputOf: (text: string) => number[]
}

/** What the package has besides the function that it exports. */
const files = import.meta.glob<{ default: unknown }>(
  '../../../node_modules/lande/standalone/t50-*.js',
  { eager: true },
)

const part = (name: string): unknown =>
  files[`../../../node_modules/lande/standalone/t50-${name}.js`]?.default

export function languageNet(): LanguageNet {
  const { layers } = part('options') as { readonly layers: readonly EncodedLayer[] }
  const ngrams = Object.values(part('ngrams') as Readonly<Record<string, readonly string[]>>).flat()
  const dense = layers.filter(({ type }) => type === 'dense')
  return {
    layers: dense.map(({ _filters, _biases }, k) => {
      const columns = _filters.map(decoded)
      return {
        kernel: columns[0]!.map((_, row) => columns.map((column) => column[row]!)),
        bias: decoded(_biases),
        activation: k === 0 ? 'relu' : 'softmax',
      }
    }),
    languages: part('langs') as readonly string[],
    ngrams,
    inputOf: (text) => ngrams.map((ngram) => shareOf(ngram, wordsOf(text))),
  }
}

function decoded(encoded: string): number[] {
  const [scale, bytes] = encoded.slice(1).split('|') as [string, string]
  return Array.from(atob(bytes), (byte) => Math.fround((byte.charCodeAt(0) - 127) / Number(scale)))
}

/** Only letters, in lower case, with one space around each word. */
function wordsOf(text: string): string {
  const letters = text.replaceAll('-', ' ').replace(/[^\p{L}\p{M}\s]/gu, '')
  return ` ${letters.replace(/\s+/g, ' ').toLowerCase().trim()} `
}

/** How many of a text's substrings of that length are the n-gram. */
function shareOf(ngram: string, text: string): number {
  const starts = Math.max(0, text.length - ngram.length + 1)
  let count = 0
  for (let at = 0; at < starts; at++) if (text.startsWith(ngram, at)) count++
  return starts === 0 ? 0 : count / starts
}
