import { readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import { toFloat16Bits } from '../../src/float16.js'
import type { DataFolder } from '../data/data-folder.js'

const WEIGHTS_FILE = 'weights.bin'

export type WeightDtype = 'float32' | 'float16'

/**
 * Saves the two files that `tf.loadLayersModel` fetches. With float16, weights are rounded to it, and
 * TensorFlow.js reads them as float32.
 */
export async function writeModel(
  folder: DataFolder,
  model: tf.LayersModel,
  dtype: WeightDtype = 'float32',
): Promise<void> {
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      if (!modelTopology || !weightSpecs || !weightData) throw new Error('the model has no weights')
      const isFloat16 = dtype === 'float16'
      const weights = isFloat16
        ? weightSpecs.map((spec) => ({ ...spec, quantization: { dtype: 'float16' as const } }))
        : weightSpecs
      const weightsManifest = [{ paths: [WEIGHTS_FILE], weights }]
      const values = tf.io.CompositeArrayBuffer.join(weightData)
      await folder.writeJson('model.json', {
        format: 'layers-model',
        modelTopology,
        weightsManifest,
      })
      folder.write(WEIGHTS_FILE, new Uint8Array(isFloat16 ? toFloat16(values) : values))
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
    }),
  )
}

function toFloat16(float32: ArrayBuffer): ArrayBuffer {
  return Uint16Array.from(new Float32Array(float32), toFloat16Bits).buffer
}

export async function readModel(folder: DataFolder): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest } = folder.readJson('model.json') as tf.io.ModelJSON
  return tf.loadLayersModel({
    load: () =>
      Promise.resolve({
        modelTopology,
        weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
        weightData: weightsManifest
          .flatMap(({ paths }) => paths)
          .map((path) => new Uint8Array(readFileSync(folder.file(path))).buffer),
      }),
  })
}
