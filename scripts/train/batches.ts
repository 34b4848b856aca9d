import * as tf from '@tensorflow/tfjs'
import {
  IMAGE_SHAPE,
  PIXELS_PER_IMAGE,
  PIXEL_MAXIMUM,
  imageAt,
  type LabelledImages,
} from '../data/images.js'
import type { Random } from '../data/random.js'

const [HEIGHT, WIDTH] = IMAGE_SHAPE

/** Returns images as inputs of the network, [count, 28, 28, 1] in 0 … 1. */
export function toInput({ images, labels }: LabelledImages): tf.Tensor4D {
  const values = Float32Array.from(images, (byte) => byte / PIXEL_MAXIMUM)
  return tf.tensor4d(values, [labels.length, ...IMAGE_SHAPE])
}

/**
 * Shifts each image by up to `maxShift` whole pixels along each axis, and fills with background.
 */
export function shiftImages(set: LabelledImages, maxShift: number, random: Random): LabelledImages {
  const drawShift = (): number => Math.floor(random() * (2 * maxShift + 1)) - maxShift
  const images = new Uint8Array(set.images.length)
  set.labels.forEach((_, row) => {
    const source = imageAt(set, row)
    const target = images.subarray(row * PIXELS_PER_IMAGE, (row + 1) * PIXELS_PER_IMAGE)
    const down = drawShift()
    const right = drawShift()
    for (let y = Math.max(0, down); y < Math.min(HEIGHT, HEIGHT + down); y++) {
      const start = (y - down) * WIDTH + Math.max(0, -right)
      const end = (y - down) * WIDTH + Math.min(WIDTH, WIDTH - right)
      target.set(source.subarray(start, end), y * WIDTH + Math.max(0, right))
    }
  })
  return { images, labels: set.labels }
}
