/**
 * What the samples of the guides and of the doc comments use without declaring it. They are compiled
 * with these values, and some are run with them.
 */
import * as tf from '@tensorflow/tfjs'
import type {
  Explanation,
  PredictFunction,
  Progress,
  SimilarityData,
  WritableByteStore,
} from 'gradlens'
import type { adapterCases } from 'gradlens/testing'
import { tfjsPredictor } from 'gradlens/tfjs'

export * as tf from '@tensorflow/tfjs'

/** Classifies four numbers into three classes. */
export const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: 5, inputShape: [4], activation: 'tanh' }),
    tf.layers.dense({ units: 3, activation: 'softmax' }),
  ],
})
export const predictor = tfjsPredictor(model)
export const loss = 'categoricalCrossentropy'

const numbers = Array.from({ length: 12 }, (_, i) => i)
export const xTrain = numbers.map((i) => [Math.sin(i), Math.cos(2 * i), i / 12, 1 - i / 12])
export const labels = numbers.map((i) => i % 3)
export const yTrain = labels.map((label) => [0, 1, 2].map((each) => (each === label ? 1 : 0)))
export const x = [[0.5, -0.25, 1, 0]]
export const y = [[0, 1, 0]]
export const target = 2

export const { signal } = new AbortController()
export const onProgress = ({ phase, done, total }: Progress): string => `${phase} ${done}/${total}`

export const words = ['', 'a', 'fine', 'film']
export const tokenIds = (text: string): number[] =>
  text.split(' ').map((word) => words.indexOf(word))

/** Values that are only compiled: no test runs the samples that use them. */
export declare const adapter: Parameters<typeof adapterCases>[0]
export declare const attributions: tf.Tensor
export declare const bags: tf.Tensor
export declare const createModel: (run: number) => tf.LayersModel
export declare const embeddings: string
export declare const explanation: Explanation<SimilarityData>
export declare const ids: tf.Tensor
export declare const images: tf.Tensor
export declare const isFlipped: number[]
export declare const mask: tf.Tensor
export declare const minusLosses: number[][]
export declare const question: number[][]
export declare const questionMask: boolean[][]
export declare const answer: number[][]
export declare const selfInfluences: number[]
export declare const subsets: number[][]
export declare const xSample: tf.Tensor
export declare const ySample: tf.Tensor
export declare const afterEpoch1: tf.LayersModel
export declare const afterEpoch2: tf.LayersModel
export declare const afterEpoch5: tf.LayersModel
export declare const afterEpoch8: tf.LayersModel
export declare const forest: { predict: PredictFunction }
export declare const photo: tf.Tensor
export declare const predict: PredictFunction
export declare const store: WritableByteStore
export declare const xSome: tf.Tensor
export declare const ySome: tf.Tensor
