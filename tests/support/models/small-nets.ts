import type { NdArray, Predictor } from 'gradlens'
import { type DenseActivation, type DenseLayer, densePredictor } from './dense-net.js'
import { seededRandom, uniform } from '../random.js'

/** Layers of the given widths with seeded weights, with tanh between them, and the given last activation. */
export function randomLayers(
  widths: readonly number[],
  last: DenseActivation,
  seed = 1,
): DenseLayer[] {
  const random = seededRandom(seed)
  return widths.slice(1).map((outputs, layer) => ({
    kernel: Array.from({ length: widths[layer] ?? 0 }, () => [
      ...uniform(random, outputs, [-1, 1]),
    ]),
    bias: [...uniform(random, outputs, [-0.5, 0.5])],
    activation: layer === widths.length - 2 ? last : 'tanh',
  }))
}

/** From 3 numbers to the probabilities of 3 classes. */
export const classifier = (seed = 1): Predictor<NdArray> =>
  densePredictor(randomLayers([3, 4, 3], 'softmax', seed))

/** From 3 numbers to 1 number. */
export const regressor = (): Predictor<NdArray> =>
  densePredictor(randomLayers([3, 4, 1], 'linear', 2))

/** From 3 numbers to scores of shape [2, 3]. */
export const gridScorer = (): Predictor<NdArray> =>
  densePredictor(randomLayers([3, 5, 6], 'linear', 3), { outputShape: [2, 3] })

/** From two inputs of shapes [2, 2] and [3] to the probabilities of 3 classes. */
export const twoInputClassifier = (): Predictor<NdArray> =>
  densePredictor(randomLayers([7, 4, 3], 'softmax', 4), { inputShapes: [[2, 2], [3]] })

/** Six examples of 3 numbers, the same each time. */
export const trainX: readonly (readonly number[])[] = [
  [0.5, -1, 0.25],
  [-0.75, 0.5, 1],
  [1, 1, -0.5],
  [-0.25, -0.5, -1],
  [0.75, 0.25, 0.5],
  [-1, 0.75, -0.75],
]

/** Their classes. */
export const trainClasses: readonly number[] = [0, 1, 2, 0, 1, 2]

export const testX: readonly (readonly number[])[] = [
  [0.1, -0.2, 0.3],
  [-0.6, 0.4, 0.2],
]
