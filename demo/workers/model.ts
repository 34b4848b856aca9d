import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url'
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'
import '@tensorflow/tfjs-backend-webgpu'
import { tfjsPredictor } from 'gradlens/tfjs'
import { LoadError } from '../data/fetch.js'

setWasmPaths({
  'tfjs-backend-wasm.wasm': plainUrl,
  'tfjs-backend-wasm-simd.wasm': simdUrl,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
})

export type DigitsPredictor = ReturnType<typeof tfjsPredictor>

/** The demo's model; a failed load can be tried again. */
export async function loadPredictor(folder: string): Promise<DigitsPredictor> {
  // Where the weights wait; the explainers copy them to the device that they run on.
  await tf.setBackend('cpu')
  const url = new URL('model.json', folder)
  const model = await tf.loadLayersModel(url.href).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LoadError(url, reason.replace(/\.$/, ''), { cause })
  })
  return tfjsPredictor(model)
}
