import * as tf from '@tensorflow/tfjs'
import type { Measured, PageDevice, Task } from '../protocol.js'
import { type ExampleData, repeatedRows } from './example-data.js'
import { createModel, toTensor } from './model.js'
import { weightGradients } from './tfjs-pass.js'
import { medianMs } from './timing.js'

/** The number of measured examples. A loop takes the same time for each. */
const sampleCount = 8

/** A page's code with TensorFlow.js alone: one example after another, with dense gradients. */
export class Loop {
  readonly #data: ExampleData
  readonly #device: PageDevice
  #backend: PageDevice | 'cpu'
  #model: tf.LayersModel
  #stored: tf.Tensor2D | undefined

  constructor(model: tf.LayersModel, data: ExampleData, device: PageDevice) {
    this.#model = model
    this.#data = data
    this.#device = device
    this.#backend = device
  }

  async prepare(): Promise<void> {
    try {
      await this.#gradients(2)
    } catch {
      // tfjs's wasm backend has no gradient for a convolution's filter; its cpu backend has.
      this.#backend = 'cpu'
      await this.#onBackend(() => {
        this.#model = createModel(this.#data)
        return Promise.resolve()
      })
    }
    await this.#onBackend(async () => {
      const gradients = await this.#gradients(sampleCount)
      this.#stored = tf.tidy(() =>
        tf.stack(gradients.map((each) => tf.tensor1d(each))),
      ) as tf.Tensor2D
    })
  }

  async measure(task: Task): Promise<Measured | undefined> {
    // A loop would not be faster for tfjs's input gradients: all points of a path are one batch, as
    // in the limit.
    if (task === 'integratedGradients') return undefined
    const remark = this.#backend === 'cpu' ? "on tfjs's cpu backend" : ''
    const { exampleCount } = this.#data.description
    return this.#onBackend(async () => {
      if (task === 'explainStored') {
        const test = await medianMs(() => this.#gradients(1))
        const products = await medianMs(() => this.#products())
        const ms = test + (products * exampleCount) / sampleCount
        return { ms, remark }
      }
      const perExample = (await medianMs(() => this.#gradients(sampleCount))) / sampleCount
      return { ms: task === 'fit' ? perExample : perExample * (exampleCount + 1), remark }
    })
  }

  dispose(): void {
    this.#stored?.dispose()
    if (this.#backend !== this.#device) this.#model.dispose()
  }

  /** Returns the gradients of the first examples, each as one dense vector. */
  async #gradients(count: number): Promise<Float32Array[]> {
    const gradients: Float32Array[] = []
    const x = toTensor(repeatedRows(this.#data.xTrain, count))
    const y = toTensor(repeatedRows(this.#data.yTrain, count))
    try {
      for (let row = 0; row < count; row++) {
        const [xRow, yRow] = tf.tidy(() => [tf.slice(x, row, 1), tf.slice(y, row, 1)] as const)
        const parts = await weightGradients(this.#model, xRow, yRow)
        tf.dispose([xRow, yRow])
        gradients.push(concatenate(parts))
      }
      return gradients
    } finally {
      tf.dispose([x, y])
    }
  }

  async #products(): Promise<void> {
    const scores = tf.tidy(() => {
      const stored = this.#stored!
      return tf.matMul(stored, tf.slice2d(stored, [0, 0], [1, -1]), false, true)
    })
    await scores.data()
    scores.dispose()
  }

  /** Restores the page's backend afterwards. */
  async #onBackend<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#backend === this.#device) return run()
    await tf.setBackend(this.#backend)
    try {
      return await run()
    } finally {
      await tf.setBackend(this.#device)
    }
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let start = 0
  for (const part of parts) {
    whole.set(part, start)
    start += part.length
  }
  return whole
}
