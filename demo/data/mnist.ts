import { fetchJson, fetchBytes } from './fetch.js'

/** MNIST digits, one after the other: `images` are 28 × 28 bytes each, 0 (no ink) … 255. */
export interface Digits {
  readonly count: number
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

/** What was measured when the model was trained. */
export interface Training {
  readonly heldOut: {
    readonly count: number
    readonly correct: number
    readonly accuracy: number
    readonly misclassified: readonly number[]
  }
  readonly training: { readonly count: number }
  readonly parameterCount: number
}

export const imageSide = 28
export const imageSize: number = imageSide * imageSide
export const classCount = 10

interface DigitSet {
  readonly count: number
  readonly images: { readonly file: string; readonly byteLength: number }
  readonly labels: { readonly file: string; readonly byteLength: number }
}

interface Index {
  readonly references: DigitSet
  readonly heldOut: DigitSet
}

/** @param folder the absolute address of the data, with a slash at its end */
export async function loadDigits(
  folder: string,
  set: 'references' | 'heldOut',
  signal?: AbortSignal,
): Promise<Digits> {
  const index = await fetchJson<Index>(new URL('index.json', folder), signal)
  const { count, images, labels } = index[set]
  const [imageBytes, labelBytes] = await Promise.all([
    fetchBytes(new URL(images.file, folder), images.byteLength, { gzip: true, signal }),
    fetchBytes(new URL(labels.file, folder), labels.byteLength, { gzip: false, signal }),
  ])
  return { count, images: imageBytes, labels: labelBytes }
}

export function loadTraining(folder: string): Promise<Training> {
  return fetchJson<Training>(new URL('training.json', folder))
}

/** The pixels of one digit, as a view. */
export function imageOf(digits: Digits, index: number): Uint8Array {
  return digits.images.subarray(index * imageSize, (index + 1) * imageSize)
}
