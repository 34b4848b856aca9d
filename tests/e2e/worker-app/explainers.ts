import * as tf from '@tensorflow/tfjs'
import { OpfsStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import 'gradlens/wasm'
import { exposeExplainers } from 'gradlens/worker'

/** Answers the page. A call, since bundlers leave out a module whose package says that it has no side effects. */
export function serve(): void {
  exposeExplainers(self, async () => {
    const model = await tf.loadLayersModel('/public/mnist/model.json')
    return { predictor: tfjsPredictor(model), values: { store: new OpfsStore('worker-app') } }
  })
}
