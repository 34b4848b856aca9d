import { shuffledIndices, type Random } from './random.js'

export const IMAGE_SHAPE: readonly [number, number, number] = [28, 28, 1]
export const PIXELS_PER_IMAGE = 28 * 28
/** The networks' inputs are pixel / PIXEL_MAXIMUM. */
export const PIXEL_MAXIMUM = 255

/** Images in row-major order, one byte per pixel (0 is background), and one label each. */
export interface LabelledImages {
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

export function imageAt({ images }: LabelledImages, index: number): Uint8Array {
  return images.subarray(index * PIXELS_PER_IMAGE, (index + 1) * PIXELS_PER_IMAGE)
}

export function takeImages(set: LabelledImages, indices: Uint32Array): LabelledImages {
  const images = new Uint8Array(indices.length * PIXELS_PER_IMAGE)
  indices.forEach((index, row) => {
    images.set(imageAt(set, index), row * PIXELS_PER_IMAGE)
  })
  return { images, labels: Uint8Array.from(indices, (index) => set.labels[index] ?? 0) }
}

/** In random order. */
export function shuffleImages(set: LabelledImages, random: Random): LabelledImages {
  return takeImages(set, shuffledIndices(set.labels.length, random))
}

export function classCounts(labels: Uint8Array, classCount: number): number[] {
  return Array.from(
    { length: classCount },
    (_, label) => labels.filter((other) => other === label).length,
  )
}

/**
 * Returns the first images of each class, in rounds of all classes, so that every prefix is
 * balanced.
 */
export function takeRounds(
  set: LabelledImages,
  classCount: number,
  roundCount: number,
): LabelledImages {
  const indices = new Uint32Array(classCount * roundCount)
  const taken = new Uint32Array(classCount)
  set.labels.forEach((label, index) => {
    const round = taken[label] ?? 0
    taken[label] = round + 1
    if (round < roundCount) indices[round * classCount + label] = index
  })
  if (taken.some((count) => count < roundCount)) {
    throw new Error(`Too few images of a class for ${roundCount} rounds: ${taken.join(', ')}`)
  }
  return takeImages(set, indices)
}

/** An image that occurs twice could be in both the training and the held-out set. */
export function assertDistinct(...sets: readonly LabelledImages[]): void {
  const texts = sets.flatMap((set) =>
    Array.from(set.labels, (_, index) => Buffer.from(imageAt(set, index)).toString('latin1')),
  )
  const repeated = texts.length - new Set(texts).size
  if (repeated > 0) throw new Error(`${repeated} images occur more than once`)
}
