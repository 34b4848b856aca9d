import { reviewLength, Vocabulary } from '../../../demo/data/review-tokens.js'
import { DataFolder } from '../../data/data-folder.js'
import { IMAGE_SHAPE, type LabelledImages, PIXEL_MAXIMUM } from '../../data/images.js'
import { CLASS_NAMES as DIGITS } from '../../data/mnist-digits.js'
import { CLASS_NAMES, type Sentence, TRAINING_COUNT } from '../../data/reviews-sentences.js'
import { trainingLogits } from '../../train/logits.js'
import { createNet as createDigitsNet } from '../../train/mnist-net.js'
import { encodeAll, maskedLogits } from '../../train/reviews/loop.js'
import { createNet as createReviewsNet } from '../../train/reviews/net.js'
import type { RetrainedCase } from './retrained-case.js'

const testCount = 100
/** Few, so that training dozens of networks takes minutes. */
const digitCount = 400

/** The demo's digits: the first 400 of its references, 40 per class, and its network of 412,778 parameters. */
export function readDigits(): RetrainedCase {
  const folder = new DataFolder('mnist')
  const arraysOf = (
    { images, labels }: LabelledImages,
    count: number,
  ): [Float32Array, Int32Array] => [
    Float32Array.from(
      images.subarray(0, (images.length / labels.length) * count),
      (byte) => byte / PIXEL_MAXIMUM,
    ),
    Int32Array.from(labels.subarray(0, count)),
  ]
  const [x, labels] = arraysOf(folder.readImages('references'), digitCount)
  const [testX, testLabels] = arraysOf(folder.readImages('held-out'), testCount)
  return {
    name: 'digits',
    x: { data: x, shape: [labels.length, ...IMAGE_SHAPE] },
    labels,
    classCount: DIGITS.length,
    testX: { data: testX, shape: [testCount, ...IMAGE_SHAPE] },
    testLabels,
    ...{ epochs: 12, mislabelledEpochs: 12, batchSize: 16, learningRate: 0.001 },
    createNet: (seed) => createDigitsNet(seed, DIGITS.length),
    computeLogits: (net, input) => trainingLogits(net, input, undefined),
  }
}

/** The demo's reviews: its 800 training sentences, and its network of word vectors. */
export function readReviews(): RetrainedCase {
  const folder = new DataFolder('reviews')
  const sentences = folder.readJson('sentences.json') as Sentence[]
  const vocabulary = new Vocabulary(folder.readJson('vocabulary.json') as string[])
  const training = encodeAll(sentences.slice(0, TRAINING_COUNT), vocabulary)
  const heldOut = encodeAll(sentences.slice(TRAINING_COUNT, TRAINING_COUNT + testCount), vocabulary)
  return {
    name: 'reviews',
    x: { data: training.ids, shape: [TRAINING_COUNT, reviewLength] },
    labels: training.labels,
    classCount: CLASS_NAMES.length,
    testX: { data: heldOut.ids, shape: [testCount, reviewLength] },
    testLabels: heldOut.labels,
    ...{ epochs: 10, mislabelledEpochs: 3, batchSize: 32, learningRate: 0.01 },
    createNet: (seed) => createReviewsNet(seed, vocabulary.size, CLASS_NAMES.length),
    computeLogits: (net, input) => maskedLogits(net, input as never, undefined),
  }
}
