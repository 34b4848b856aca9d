import type * as tf from '@tensorflow/tfjs'
import type { NdArray, PredictorSession } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { Measured, PageDevice, Task } from '../protocol.js'
import type { ExampleData } from './example-data.js'
import { stepCount } from './tfjs-pass.js'
import { medianMs } from './timing.js'

/**
 * The passes that integrated gradients need at least, through the library's own adapter: forward at
 * both ends of a path for the delta, and forward and backward at all its points in one batch. The
 * points exist already, and nothing is summed.
 */
export class Passes {
  readonly #ends: readonly NdArray[]
  readonly #points: NdArray
  readonly #targets: Int32Array
  readonly #opening: Promise<PredictorSession<tf.Tensor>>

  constructor(model: tf.LayersModel, { x, target }: ExampleData, device: PageDevice) {
    const size = x.data.length
    this.#ends = [x, { data: new Float32Array(size), shape: x.shape }]
    const data = Float32Array.from({ length: stepCount * size }, (_, at) => {
      return ((Math.floor(at / size) + 1) / stepCount) * (x.data[at % size] ?? NaN)
    })
    this.#points = { data, shape: [stepCount, ...x.shape.slice(1)] }
    this.#targets = new Int32Array(stepCount).fill(target)
    this.#opening = tfjsPredictor(model).open(device, { allowSoftware: true })
  }

  async prepare(): Promise<void> {
    await this.#pass()
  }

  async measure(task: Task): Promise<Measured | undefined> {
    if (task !== 'integratedGradients') return undefined
    return { ms: await medianMs(() => this.#pass()) }
  }

  dispose(): void {
    void this.#opening.then((session) => {
      session[Symbol.dispose]()
    })
  }

  async #pass(): Promise<void> {
    const session = await this.#opening
    for (const end of this.#ends) await session.predict([end], {})
    await session.inputGradients([this.#points], this.#targets, {})
  }
}
