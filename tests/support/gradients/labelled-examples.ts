import * as tf from '@tensorflow/tfjs'
import type { NdArray } from 'gradlens'
import { seededRandom, uniform } from '../random.js'

export const exampleCount = 5

/** Examples of one input. With `integers`, they are whole numbers below it. */
export function randomInput(shape: readonly number[], seed: number, integers?: number): NdArray {
  const values = uniform(
    seededRandom(seed + 20),
    exampleCount * tf.util.sizeFromShape([...shape]),
    [-1, 1],
  )
  const data =
    integers === undefined
      ? values
      : values.map((value) => Math.floor(((value + 1) / 2) * integers))
  return { data, shape: [exampleCount, ...shape] }
}

export const labels = (classes = 3): NdArray => ({
  data: Float32Array.from({ length: exampleCount }, (_, i) => i % Math.max(classes, 2)),
  shape: classes === 1 ? [exampleCount, 1] : [exampleCount],
})
