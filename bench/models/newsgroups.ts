import * as tf from '@tensorflow/tfjs'
import type { LayersModel } from '@tensorflow/tfjs'

/** The number of words of the bag, of which a text has about one in a hundred. */
const wordCount = 10_000

/** Creates the classifier of the 20 newsgroups on bags of words, with random weights: probabilities out. */
export function createNewsgroups(): LayersModel {
  const dense = (units: number, activation: 'relu' | 'softmax', seed: number): tf.layers.Layer =>
    tf.layers.dense({ units, activation, kernelInitializer: tf.initializers.heNormal({ seed }) })
  const input = tf.input({ shape: [wordCount] })
  const hidden = dense(64, 'relu', 1).apply(input) as tf.SymbolicTensor
  return tf.model({
    inputs: input,
    outputs: dense(20, 'softmax', 2).apply(hidden) as tf.SymbolicTensor,
  })
}

/** Bags of 100 words on average, each of norm 1, as tf-idf gives them. */
export function createBags(count: number): { data: Float32Array; shape: number[] } {
  const data = new Float32Array(count * wordCount)
  let state = 1
  for (let row = 0; row < count; row++) {
    const bag = data.subarray(row * wordCount, (row + 1) * wordCount)
    for (let word = 0; word < wordCount; word++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      if (state / 2 ** 32 < 0.01) bag[word] = 0.5 + (state % 1000) / 1000
    }
    const norm = Math.sqrt(bag.reduce((sum, value) => sum + value * value, 0))
    for (let word = 0; word < wordCount; word++) bag[word] = bag[word]! / norm
  }
  return { data, shape: [count, wordCount] }
}
