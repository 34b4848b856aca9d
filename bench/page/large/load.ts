import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url'
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'
import type { Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { LargeCase } from '../../large/cases.js'

/** Loads the model of a case on wasm. */
export async function loadPredictor({
  folder,
  kind,
}: {
  readonly folder: string
  readonly kind: LargeCase['kind']
}): Promise<Predictor<tf.Tensor>> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainUrl,
    'tfjs-backend-wasm-simd.wasm': simdUrl,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
  })
  await tf.setBackend('wasm')
  const address = `${folder}/model.json`
  return kind === 'layers'
    ? tfjsPredictor(await tf.loadLayersModel(address))
    : tfjsPredictor(await tf.loadGraphModel(address))
}

/** The size of TensorFlow.js's wasm memory. */
export function wasmHeapBytes(): number {
  const { wasm } = tf.backend() as unknown as { readonly wasm: { readonly HEAP8: Int8Array } }
  return wasm.HEAP8.byteLength
}
