import type * as tf from '@tensorflow/tfjs'
import type { Measured, Task } from '../protocol.js'
import { type ExampleData, repeatedRows } from './example-data.js'
import { toTensor } from './model.js'
import { inputGradients, pathGradients, weightGradients } from './tfjs-pass.js'
import { medianMs } from './timing.js'

/** The devices. The limit is the faster one. */
const batchSizes = [16, 64]

/** tfjs's own time for one forward and one backward pass over a batch, with nothing per example. */
export class Limit {
  readonly #model: tf.LayersModel
  readonly #data: ExampleData
  #pass: typeof weightGradients = weightGradients
  #remark = 'to the weights'

  constructor(model: tf.LayersModel, data: ExampleData) {
    this.#model = model
    this.#data = data
  }

  async prepare(): Promise<void> {
    try {
      await this.#perExampleMs(1)
    } catch {
      // tfjs's wasm backend has no gradient for a convolution's filter.
      this.#pass = inputGradients
      this.#remark = 'to the input'
      await this.#perExampleMs(1)
    }
  }

  async measure(task: Task): Promise<Measured | undefined> {
    if (task === 'explainStored') return undefined
    if (task === 'integratedGradients') {
      const x = toTensor(this.#data.x)
      const ms = await medianMs(() => pathGradients(this.#model, x, this.#data.target))
      x.dispose()
      return { ms }
    }
    const times: number[] = []
    for (const batchSize of batchSizes) times.push(await this.#perExampleMs(batchSize))
    const ms = Math.min(...times)
    const count = task === 'fit' ? 1 : this.#data.description.exampleCount + 1
    return { ms: ms * count, remark: this.#remark }
  }

  async #perExampleMs(batchSize: number): Promise<number> {
    const x = toTensor(repeatedRows(this.#data.xTrain, batchSize))
    const y = toTensor(repeatedRows(this.#data.yTrain, batchSize))
    try {
      return (await medianMs(() => this.#pass(this.#model, x, y))) / batchSize
    } finally {
      x.dispose()
      y.dispose()
    }
  }
}
