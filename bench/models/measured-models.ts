import type * as tf from '@tensorflow/tfjs'
import type { LossName, NdArray } from 'gradlens'
import { createBert } from './bert.js'
import { createDistilBert, distilBertSizes, embeddingNode } from './distilbert.js'
import { createMobileNetV2 } from './mobilenet-v2.js'
import { createBags, createNewsgroups } from './newsgroups.js'
import { createResNet50 } from './resnet-50.js'

/** A model with random weights, and its examples. */
export interface MeasuredModel {
  readonly title: string
  readonly model: tf.LayersModel | tf.GraphModel
  readonly examples: (count: number) => NdArray | NdArray[]
  readonly classCount: number
  readonly loss: LossName
  /** The layer of integrated gradients, for models of whole numbers. */
  readonly layer?: string
}

/** @param size of images; texts have the length of their model */
export const createMeasuredModel: Readonly<
  Record<string, (size: number) => Promise<MeasuredModel>>
> = {
  mobilenetv2: (size) => Promise.resolve(ofImages('MobileNetV2', createMobileNetV2(size), size)),
  resnet50: (size) => Promise.resolve(ofImages('ResNet50', createResNet50(size), size)),
  distilbert: async () => ofTexts('DistilBERT', await createDistilBert()),
  bert: async () => ofTexts('BERT, 4 layers of 256', await createBert()),
  newsgroups: () =>
    Promise.resolve({
      title: '20 newsgroups, 10,000–64–20 MLP',
      model: createNewsgroups(),
      classCount: 20,
      loss: 'sparseCategoricalCrossentropy',
      examples: createBags,
    }),
}

const ofImages = (name: string, model: tf.LayersModel, size: number): MeasuredModel => ({
  title: `${name}, ${size} × ${size}`,
  model,
  classCount: 1000,
  loss: 'sparseCategoricalCrossentropy',
  examples: (count) => ({
    data: Float32Array.from({ length: count * size * size * 3 }, (_, k) => Math.sin(k * 12.9898)),
    shape: [count, size, size, 3],
  }),
})

const { vocabulary, length, classes } = distilBertSizes

const ofTexts = (name: string, model: tf.GraphModel): MeasuredModel => ({
  title: `${name}, ${length} tokens`,
  model,
  classCount: classes,
  loss: 'sparseCategoricalCrossentropyFromLogits',
  layer: embeddingNode,
  examples: (count) => {
    const ids = Int32Array.from({ length: count * length }, (_, k) => (k * 7919 + 101) % vocabulary)
    // The last of every four texts is half as long.
    const isKept = (k: number): boolean => Math.floor(k / length) % 4 < 3 || k % length < length / 2
    const mask = Int32Array.from(ids, (_, k) => Number(isKept(k)))
    return [ids, mask].map((data) => ({ data, shape: [count, length] }))
  },
})
