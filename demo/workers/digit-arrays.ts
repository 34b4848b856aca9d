import type { NdArray } from 'gradlens'
import { classCount, imageSide, imageSize } from '../data/mnist.js'

/** One or several pictures as the model takes them: [n, 28, 28, 1], 0 … 1. */
export function modelInput(pixels: Uint8Array): NdArray {
  const data = Float32Array.from(pixels, (value) => value / 255)
  return { data, shape: [pixels.length / imageSize, imageSide, imageSide, 1] }
}

export function oneHot(labels: ArrayLike<number>): NdArray {
  const data = new Float32Array(labels.length * classCount)
  for (let row = 0; row < labels.length; row++) data[row * classCount + (labels[row] ?? 0)] = 1
  return { data, shape: [labels.length, classCount] }
}

export function indexOfGreatest(values: ArrayLike<number>): number {
  let greatest = 0
  for (let i = 1; i < values.length; i++) {
    if ((values[i] ?? 0) > (values[greatest] ?? 0)) greatest = i
  }
  return greatest
}
