import * as tf from '@tensorflow/tfjs'
import { toInput, type EncodedSentences } from './loop.js'

export interface ReviewsAccuracy {
  readonly count: number
  readonly correct: number
  readonly accuracy: number
  /** Mean cross-entropy. */
  readonly loss: number
  /** The indices of the sentences that the model misclassifies. */
  readonly misclassified: readonly number[]
}

/** Measures the model's accuracy in inference mode. */
export function measureReviews(
  model: tf.LayersModel,
  sentences: EncodedSentences,
): ReviewsAccuracy {
  const count = sentences.labels.length
  const probabilities = tf.tidy(() =>
    (model.predict(toInput(sentences)) as tf.Tensor2D).arraySync(),
  )
  const misclassified: number[] = []
  let lossSum = 0
  probabilities.forEach((row, index) => {
    const label = sentences.labels[index] ?? 0
    if (row.indexOf(Math.max(...row)) !== label) misclassified.push(index)
    lossSum -= Math.log(Math.max(row[label] ?? 0, Number.MIN_VALUE))
  })
  const correct = count - misclassified.length
  return { count, correct, accuracy: correct / count, loss: lossSum / count, misclassified }
}
