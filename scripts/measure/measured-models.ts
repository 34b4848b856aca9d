import type * as tf from '@tensorflow/tfjs'
import type { NdArray } from 'gradlens'
import { createBert } from '../../bench/models/bert.js'
import { createDistilBert, distilBertSizes, embeddingNode } from '../../bench/models/distilbert.js'
import { createMobileNetV2 } from '../../bench/models/mobilenet-v2.js'
import { createResNet50 } from '../../bench/models/resnet-50.js'

/** A model with random weights, and its examples. */
export interface MeasuredModel {
  readonly model: tf.LayersModel | tf.GraphModel
  readonly examples: (count: number) => NdArray | NdArray[]
  readonly classCount: number
  /** The layer of integrated gradients, for models of whole numbers. */
  readonly layer?: string
}

/** @param size of images; texts have the length of their model */
export const createMeasuredModel: Readonly<
  Record<string, (size: number) => Promise<MeasuredModel>>
> = {
  mobilenetv2: (size) => Promise.resolve(ofImages(createMobileNetV2(size), size)),
  resnet50: (size) => Promise.resolve(ofImages(createResNet50(size), size)),
  distilbert: async () => ofTexts(await createDistilBert()),
  bert: async () => ofTexts(await createBert()),
}

const ofImages = (model: tf.LayersModel, size: number): MeasuredModel => ({
  model,
  classCount: 1000,
  examples: (count) => ({
    data: Float32Array.from({ length: count * size * size * 3 }, (_, k) => Math.sin(k * 12.9898)),
    shape: [count, size, size, 3],
  }),
})

const { vocabulary, length, classes } = distilBertSizes

const ofTexts = (model: tf.GraphModel): MeasuredModel => ({
  model,
  classCount: classes,
  layer: embeddingNode,
  examples: (count) => {
    const ids = Int32Array.from({ length: count * length }, (_, k) => (k * 7919 + 101) % vocabulary)
    // The last of every four texts is half as long.
    const isKept = (k: number): boolean => Math.floor(k / length) % 4 < 3 || k % length < length / 2
    const mask = Int32Array.from(ids, (_, k) => Number(isKept(k)))
    return [ids, mask].map((data) => ({ data, shape: [count, length] }))
  },
})
