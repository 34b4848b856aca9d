import { readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import type { DataFolder } from '../data/data-folder.js'

const WEIGHTS_FILE = 'weights.bin'

/** Saves the two files that `tf.loadLayersModel` fetches. */
export async function writeModel(folder: DataFolder, model: tf.LayersModel): Promise<void> {
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      if (!modelTopology || !weightSpecs || !weightData) throw new Error('the model has no weights')
      const weightsManifest = [{ paths: [WEIGHTS_FILE], weights: weightSpecs }]
      const weights = tf.io.CompositeArrayBuffer.join(weightData)
      await folder.writeJson('model.json', {
        format: 'layers-model',
        modelTopology,
        weightsManifest,
      })
      folder.write(WEIGHTS_FILE, new Uint8Array(weights))
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
    }),
  )
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
