import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import type { Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { exposeExplainers } from 'gradlens/worker'
import { createMobileNetV2 } from '../../../bench/models/mobilenet-v2.js'

/** MobileNetV2 with the same random weights in the page and in each worker. */
export async function createPredictor(size: number): Promise<Predictor> {
  setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/')
  await tf.setBackend('wasm')
  return tfjsPredictor(createMobileNetV2(size)) as Predictor
}

/** Exposes the model to the page, whose address has the pictures' size. */
export function serve(): void {
  exposeExplainers(self, () => createPredictor(Number(self.name)))
}
