import * as tf from '@tensorflow/tfjs'

/** Adam whose learning rate falls to 0 by half a cosine. */
export class CosineAdam extends tf.AdamOptimizer {
  readonly #first: number
  readonly #stepCount: number
  #step = 0

  constructor(learningRate: number, stepCount: number) {
    super(learningRate, 0.9, 0.999, 1e-7)
    this.#first = learningRate
    this.#stepCount = stepCount
  }

  get currentRate(): number {
    return this.learningRate
  }

  /** Sets the learning rate of the next step. */
  advance(): void {
    this.learningRate =
      (this.#first / 2) * (1 + Math.cos((Math.PI * this.#step++) / this.#stepCount))
  }
}
