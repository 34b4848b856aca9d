import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { OpfsStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { exposeExplainers } from 'gradlens/worker'

/** Answers the page. A call, since bundlers leave out a module whose package says that it has no side effects. */
export function serve(): void {
  setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/')
  exposeExplainers(self, async () => {
    await tf.setBackend('wasm')
    const model = await tf.loadLayersModel('/public/mnist/model.json')
    return { predictor: tfjsPredictor(model), values: { store: new OpfsStore('worker-app') } }
  })
}
