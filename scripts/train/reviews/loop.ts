import * as tf from '@tensorflow/tfjs'
import {
  paddingId,
  reviewLength,
  tokensOf,
  unknownId,
  type Vocabulary,
} from '../../../demo/data/review-tokens.js'
import { seededRandom, shuffledIndices, type Random } from '../../data/random.js'
import type { Sentence } from '../../data/reviews-sentences.js'
import { trainingLogits } from '../logits.js'
import { CosineAdam } from '../optimizer.js'

export interface ReviewsRecipe {
  readonly epochs: number
  readonly batchSize: number
  /** The learning rate of the first step. It falls to 0 by half a cosine. */
  readonly learningRate: number
  readonly labelSmoothing: number
  /** The share of words that each step replaces by unknown ones, so that the net learns to cope. */
  readonly wordDropout: number
  readonly batchAndDropoutSeed: number
}

export interface EncodedSentences {
  /** [count, reviewLength] */
  readonly ids: Int32Array
  readonly labels: Int32Array
}

export function encodeAll(
  sentences: readonly Sentence[],
  vocabulary: Vocabulary,
): EncodedSentences {
  const ids = new Int32Array(sentences.length * reviewLength)
  for (const [row, { text }] of sentences.entries()) {
    ids.set(vocabulary.encode(tokensOf(text)), row * reviewLength)
  }
  return { ids, labels: Int32Array.from(sentences, ({ label }) => label) }
}

export function toInput({ ids, labels }: EncodedSentences): tf.Tensor2D {
  return tf.tensor2d(ids, [labels.length, reviewLength], 'int32')
}

/** Trains on the sentences with some words replaced by unknown ones, and prints the progress. */
export function trainReviews(
  net: tf.Sequential,
  { ids, labels }: EncodedSentences,
  recipe: ReviewsRecipe,
): void {
  const random = seededRandom(recipe.batchAndDropoutSeed)
  const classCount = (net.outputShape as tf.Shape).at(-1) ?? 1
  const stepsPerEpoch = Math.ceil(labels.length / recipe.batchSize)
  const optimizer = new CosineAdam(recipe.learningRate, recipe.epochs * stepsPerEpoch)
  for (let epoch = 1; epoch <= recipe.epochs; epoch++) {
    const order = shuffledIndices(labels.length, random)
    let lossSum = 0
    for (let start = 0; start < labels.length; start += recipe.batchSize) {
      optimizer.advance()
      const rows = order.subarray(start, start + recipe.batchSize)
      const batch = {
        ids: Int32Array.from({ length: rows.length * reviewLength }, (_, k) => {
          const row = rows[Math.floor(k / reviewLength)] ?? 0
          const id = ids[row * reviewLength + (k % reviewLength)] ?? paddingId
          return id !== paddingId && random() < recipe.wordDropout ? unknownId : id
        }),
        labels: Int32Array.from(rows, (row) => labels[row] ?? 0),
      }
      const loss = tf.tidy(() => {
        const oneHot = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classCount)
        const input = toInput(batch)
        const mean = (): tf.Scalar =>
          tf.losses.softmaxCrossEntropy(
            oneHot,
            maskedLogits(net, input, random),
            1,
            recipe.labelSmoothing,
          )
        return optimizer.minimize(mean, true)?.dataSync()[0] ?? NaN
      })
      lossSum += loss * rows.length
    }
    console.log(`epoch ${epoch}/${recipe.epochs}: loss ${(lossSum / labels.length).toFixed(4)}`)
  }
  optimizer.dispose()
}

/** Masks by token id: tfjs has no gradient for the comparison in its own masking layer. */
export function maskedLogits(
  net: tf.Sequential,
  ids: tf.Tensor2D,
  random: Random | undefined,
): tf.Tensor {
  const [words, mask, ...layers] = net.layers
  if (mask?.getClassName() !== 'Masking') throw new Error('the word vectors must be masked')
  const isWord = ids.notEqual(paddingId).expandDims(-1)
  return trainingLogits({ layers }, (words!.apply(ids) as tf.Tensor).mul(isWord), random)
}
