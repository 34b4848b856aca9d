import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import 'gradlens/wasm'
import 'gradlens/webgpu'
import { fetchBytes, fetchJson } from '../data/fetch.js'

export type DemoPredictor = ReturnType<typeof tfjsPredictor>

/** The parts of a saved LayersModel that are read here. TensorFlow.js reads the rest. */
interface ModelFile {
  readonly modelTopology: object
  readonly weightsManifest: tf.io.WeightsManifestConfig
}

/** Loads the page's model. */
export async function loadPredictor(folder: string): Promise<DemoPredictor> {
  // The weights are loaded on the CPU. Explainers copy them to their device.
  await tf.setBackend('cpu')
  const { modelTopology, weightsManifest } = await fetchJson<ModelFile>(
    new URL('model.json', folder),
  )
  const files = await Promise.all(
    weightsManifest
      .flatMap(({ paths }) => paths)
      .map((path) => fetchBytes(new URL(path, folder), undefined, { gzip: false })),
  )
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights)
  const weightData = await new Blob(files as BlobPart[]).arrayBuffer()
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs, weightData }),
  )
  return tfjsPredictor(model)
}
