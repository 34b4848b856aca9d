import * as tf from '@tensorflow/tfjs'
import { onTestFinished } from 'vitest'
import { readModel } from '../../../src/onnx/model/read-model.js'
import {
  type Conversion,
  type ConversionOptions,
  convertModel,
} from '../../../src/onnx/to-tfjs/convert-model.js'

/** Converts an ONNX model without files of weights. */
export const convertBytes = (bytes: Uint8Array, options: ConversionOptions): Conversion =>
  convertModel(
    readModel(bytes, () => new Uint8Array()),
    options,
  )

/** Loads a converted model, until the test ends. */
export async function loadConverted({ description, weights }: Conversion): Promise<tf.GraphModel> {
  const artifacts = { ...description, weightData: weights.slice().buffer }
  const model = await tf.loadGraphModel({
    load: () => Promise.resolve(artifacts as unknown as tf.io.ModelArtifacts),
  })
  onTestFinished(() => {
    model.dispose()
  })
  return model
}
