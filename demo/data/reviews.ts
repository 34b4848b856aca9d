import type { NdArray } from 'gradlens'
import { fetchJson } from './fetch.js'
import { reviewLength, tokensOf, Vocabulary } from './review-tokens.js'

export interface Review {
  readonly text: string
  /** 0: negative, 1: positive. */
  readonly label: number
}

export interface Reviews {
  readonly classNames: readonly string[]
  readonly training: readonly Review[]
  readonly heldOut: readonly Review[]
  readonly vocabulary: Vocabulary
  /** The model's input for sentences: the ids of their words, [n, reviewLength]. */
  readonly encode: (texts: readonly string[]) => NdArray
}

interface Index {
  readonly classNames: readonly string[]
  readonly sentences: { readonly file: string }
  readonly vocabulary: { readonly file: string }
  readonly training: { readonly start: number; readonly count: number }
  readonly heldOut: { readonly start: number; readonly count: number }
}

/** @param folder the absolute URL of the data, with a trailing slash */
export async function loadReviews(folder: string, signal?: AbortSignal): Promise<Reviews> {
  const index = await fetchJson<Index>(new URL('index.json', folder), signal)
  const [sentences, words] = await Promise.all([
    fetchJson<readonly Review[]>(new URL(index.sentences.file, folder), signal),
    fetchJson<readonly string[]>(new URL(index.vocabulary.file, folder), signal),
  ])
  const vocabulary = new Vocabulary(words)
  const part = ({ start, count }: Index['training']): readonly Review[] =>
    sentences.slice(start, start + count)
  return {
    classNames: index.classNames,
    training: part(index.training),
    heldOut: part(index.heldOut),
    vocabulary,
    encode(texts) {
      const data = new Int32Array(texts.length * reviewLength)
      texts.forEach((text, i) => {
        data.set(vocabulary.encode(tokensOf(text)), i * reviewLength)
      })
      return { data, shape: [texts.length, reviewLength] }
    },
  }
}
