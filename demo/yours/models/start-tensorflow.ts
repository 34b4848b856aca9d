import * as tf from '@tensorflow/tfjs'
import 'gradlens/wasm'
import 'gradlens/webgpu'

/** Has models loaded on the CPU. Explainers copy the weights to their device. */
export async function startTensorflow(): Promise<void> {
  await tf.setBackend('cpu')
}
