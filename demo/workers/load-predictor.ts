import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url'
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'
import '@tensorflow/tfjs-backend-webgpu'
import { tfjsPredictor } from 'gradlens/tfjs'
import { fetchBytes, fetchJson } from '../data/fetch.js'

setWasmPaths({
  'tfjs-backend-wasm.wasm': plainUrl,
  'tfjs-backend-wasm-simd.wasm': simdUrl,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
})

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
