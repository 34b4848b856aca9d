import type { NdArray } from 'gradlens'
import { fetchJson, fetchBytes } from './fetch.js'

/** Images of 28 × 28 bytes each, 0 (background) … 255, concatenated. */
export interface ImageSet {
  readonly count: number
  readonly images: Uint8Array
  readonly labels: Uint8Array
  readonly classNames: readonly string[]
}

/** The results of the model's training. */
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

interface FileOfSet {
  readonly count: number
  readonly images: { readonly file: string; readonly byteLength: number }
  readonly labels: { readonly file: string; readonly byteLength: number }
}

interface Index {
  readonly classNames: readonly string[]
  readonly references: FileOfSet
  readonly heldOut: FileOfSet
}

/** @param folder the absolute URL of the data, with a trailing slash */
export async function loadImages(
  folder: string,
  set: 'references' | 'heldOut',
  signal?: AbortSignal,
): Promise<ImageSet> {
  const index = await fetchJson<Index>(new URL('index.json', folder), signal)
  const { count, images, labels } = index[set]
  const [imageBytes, labelBytes] = await Promise.all([
    fetchBytes(new URL(images.file, folder), images.byteLength, { gzip: true, signal }),
    fetchBytes(new URL(labels.file, folder), labels.byteLength, { gzip: false, signal }),
  ])
  return { count, images: imageBytes, labels: labelBytes, classNames: index.classNames }
}

export function loadTraining<Shape = Training>(folder: string): Promise<Shape> {
  return fetchJson<Shape>(new URL('training.json', folder))
}

/** The pixels of one image, as a view. */
export function imageOf({ images }: ImageSet, index: number): Uint8Array {
  return images.subarray(index * imageSize, (index + 1) * imageSize)
}

/** One or several pictures as the models take them: [n, 28, 28, 1], 0 … 1. */
export function imageInput(pixels: Uint8Array): NdArray {
  const data = new Float32Array(pixels.length)
  // A loop, because `from` with a function takes ten times as long for all training images.
  for (let i = 0; i < data.length; i++) data[i] = pixels[i]! / 255
  return { data, shape: [pixels.length / imageSize, imageSide, imageSide, 1] }
}
