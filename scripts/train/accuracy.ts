import * as tf from '@tensorflow/tfjs'
import { takeImages, type LabelledImages } from '../data/images.js'
import { toInput } from './batches.js'

const BATCH_SIZE = 250

export interface Accuracy {
  readonly count: number
  readonly correct: number
  readonly accuracy: number
  /** Mean cross-entropy. */
  readonly loss: number
  /** The indices of the images that the model misclassifies. */
  readonly misclassified: readonly number[]
}

/** Measures the model's accuracy in inference mode. */
export function measureAccuracy(model: tf.LayersModel, set: LabelledImages): Accuracy {
  const count = set.labels.length
  const misclassified: number[] = []
  let lossSum = 0
  for (let start = 0; start < count; start += BATCH_SIZE) {
    const length = Math.min(BATCH_SIZE, count - start)
    const batch = takeImages(
      set,
      Uint32Array.from({ length }, (_, row) => start + row),
    )
    const probabilities = tf.tidy(() => (model.predict(toInput(batch)) as tf.Tensor2D).arraySync())
    probabilities.forEach((row, index) => {
      const label = batch.labels[index] ?? 0
      if (row.indexOf(Math.max(...row)) !== label) misclassified.push(start + index)
      lossSum -= Math.log(Math.max(row[label] ?? 0, Number.MIN_VALUE))
    })
  }
  const correct = count - misclassified.length
  return { count, correct, accuracy: correct / count, loss: lossSum / count, misclassified }
}
