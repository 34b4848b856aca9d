import * as tf from '@tensorflow/tfjs'
import { encodeCars, milesPerGallon, type CarRow, type CarTable } from '../../../demo/data/cars.js'
import { Vocabulary } from '../../../demo/data/review-tokens.js'
import { DataFolder } from '../../data/data-folder.js'
import { takeImages } from '../../data/images.js'
import { CLASS_NAMES, type Sentence, TRAINING_COUNT } from '../../data/reviews-sentences.js'
import { toInput } from '../../train/batches.js'
import { encodeAll, maskedLogits, toInput as toSentences } from '../../train/reviews/loop.js'

const questionCount = 24

/** The examples of a page of the demo: those that its model learned from, and held-out ones to ask about. */
export interface UnlearnedCase {
  readonly name: 'mnist' | 'garments' | 'reviews' | 'cars'
  readonly isRegression: boolean
  readonly x: tf.Tensor
  /** [n, classes] or [n, 1] */
  readonly y: tf.Tensor
  readonly questions: tf.Tensor
  /** The sum of the losses of some examples, for TensorFlow.js to differentiate. */
  readonly sumLosses: (model: tf.LayersModel, x: tf.Tensor, y: tf.Tensor) => tf.Scalar
  /** The true values of a regression's questions. */
  readonly truths?: readonly number[]
}

export function readUnlearned(name: UnlearnedCase['name']): UnlearnedCase {
  if (name === 'cars') return readCars()
  return name === 'reviews' ? readReviews() : readImages(name)
}

function readImages(name: 'mnist' | 'garments'): UnlearnedCase {
  const folder = new DataFolder(name)
  const references = folder.readImages('references')
  const { heldOut } = folder.readJson('training.json') as {
    readonly heldOut: { readonly misclassified: readonly number[] }
  }
  // Mistakes come first: the model is unsure of them.
  const mistakes = heldOut.misclassified.slice(0, questionCount / 2)
  const others = Array.from({ length: questionCount - mistakes.length }, (_, i) => i)
  const asked = takeImages(
    folder.readImages('held-out'),
    Uint32Array.from([...mistakes, ...others]),
  )
  return {
    name,
    isRegression: false,
    x: toInput(references),
    y: tf.oneHot(tf.tensor1d([...references.labels], 'int32'), 10),
    questions: toInput(asked),
    sumLosses: (model, x, y) =>
      tf.metrics.categoricalCrossentropy(y, model.predict(x) as tf.Tensor).sum(),
  }
}

function readReviews(): UnlearnedCase {
  const folder = new DataFolder('reviews')
  const sentences = folder.readJson('sentences.json') as Sentence[]
  const vocabulary = new Vocabulary(folder.readJson('vocabulary.json') as string[])
  const training = encodeAll(sentences.slice(0, TRAINING_COUNT), vocabulary)
  const asked = sentences.slice(TRAINING_COUNT, TRAINING_COUNT + questionCount)
  return {
    name: 'reviews',
    isRegression: false,
    x: toSentences(training),
    y: tf.oneHot(tf.tensor1d(training.labels, 'int32'), CLASS_NAMES.length),
    questions: toSentences(encodeAll(asked, vocabulary)),
    // The masks of the whole model have no gradient in TensorFlow.js.
    sumLosses: (model, x, y) =>
      tf.losses
        .softmaxCrossEntropy(y, maskedLogits(model as tf.Sequential, x as tf.Tensor2D, undefined))
        .mul(y.shape[0]),
  }
}

function readCars(): UnlearnedCase {
  const table = new DataFolder('cars').readJson('cars.json') as CarTable
  const inputCount = table.features.length + table.origins.length
  const toTensor = (rows: readonly CarRow[]): tf.Tensor =>
    tf.tensor2d(encodeCars(rows, table), [rows.length, inputCount])
  const labels = table.training.map(milesPerGallon)
  const asked = table.heldOut.slice(0, questionCount)
  return {
    name: 'cars',
    isRegression: true,
    x: toTensor(table.training),
    y: tf.tensor2d(labels, [labels.length, 1]),
    questions: toTensor(asked),
    sumLosses: (model, x, y) => (model.predict(x) as tf.Tensor).sub(y).square().sum(),
    truths: asked.map(milesPerGallon),
  }
}
