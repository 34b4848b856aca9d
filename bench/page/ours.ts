import type * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { Measured, OurResults, PageDevice, Task } from '../protocol.js'
import { type ExampleData, repeatedRows } from './example-data.js'
import { stepCount } from './tfjs-pass.js'
import { medianMs } from './timing.js'

/** gradlens through its public API, with default options. */
export class Ours {
  readonly #data: ExampleData
  readonly #device: PageDevice
  readonly #predictor: ReturnType<typeof tfjsPredictor>
  readonly #stored: GradientSimilarity<tf.Tensor>
  readonly #adHoc: GradientSimilarity<tf.Tensor>
  readonly #integrated: IntegratedGradients<tf.Tensor>

  constructor(model: tf.LayersModel, data: ExampleData, device: PageDevice) {
    this.#data = data
    this.#device = device
    this.#predictor = tfjsPredictor(model)
    this.#stored = this.#similarity(true)
    this.#adHoc = this.#similarity(false)
    this.#integrated = new IntegratedGradients(this.#predictor, { nSteps: stepCount, device })
  }

  async prepare(): Promise<void> {
    const { xTrain, yTrain } = this.#data
    await this.#stored.fit(xTrain, yTrain)
    await this.#adHoc.fit(xTrain, yTrain)
    await this.#explain(this.#stored)
    await this.#explain(this.#adHoc)
    await this.#attribute()
  }

  async measure(task: Task): Promise<Measured> {
    switch (task) {
      case 'fit': {
        const { exampleCount } = this.#data.description
        return { ms: (await medianMs(() => this.withRows('fit', exampleCount))) / exampleCount }
      }
      case 'explainStored':
        return { ms: await medianMs(() => this.#explain(this.#stored)) }
      case 'explainAdHoc':
        return { ms: await medianMs(() => this.#explain(this.#adHoc)) }
      case 'integratedGradients':
        return { ms: await medianMs(() => this.#attribute()) }
    }
  }

  /** The whole life of an explainer, including the upload of the model. */
  async withRows(task: 'fit' | 'explainAdHoc', exampleCount: number): Promise<number> {
    const xTrain = repeatedRows(this.#data.xTrain, exampleCount)
    const yTrain = repeatedRows(this.#data.yTrain, exampleCount)
    const start = performance.now()
    const explainer = this.#similarity(task === 'fit')
    try {
      await explainer.fit(xTrain, yTrain)
      if (task === 'explainAdHoc') await this.#explain(explainer)
      return performance.now() - start
    } finally {
      explainer.dispose()
    }
  }

  async results(): Promise<OurResults> {
    const { scores, orderedIndices } = (await this.#explain(this.#stored)).data
    const byIndex = new Array<number>(scores.data.length)
    orderedIndices.data.forEach((index, rank) => {
      byIndex[index] = scores.data[rank] ?? NaN
    })
    const { attributions } = (await this.#attribute()).data
    return {
      scores: byIndex,
      attributions: Array.from(attributions[0]?.data ?? []),
      storedBytesPerExample: this.#stored.gradientBytes / this.#data.description.exampleCount,
      device: this.#stored.device ?? 'none',
      fallbackReason: this.#stored.fallbackReason,
    }
  }

  dispose(): void {
    for (const explainer of [this.#stored, this.#adHoc, this.#integrated]) explainer.dispose()
  }

  #similarity(precomputeGrads: boolean): GradientSimilarity<tf.Tensor> {
    const options = { precomputeGrads, device: this.#device }
    return new GradientSimilarity(this.#predictor, 'categoricalCrossentropy', options)
  }

  #explain(explainer: GradientSimilarity<tf.Tensor>): ReturnType<typeof explainer.explain> {
    return explainer.explain(this.#data.x, this.#data.y)
  }

  #attribute(): ReturnType<IntegratedGradients<tf.Tensor>['explain']> {
    return this.#integrated.explain(this.#data.x, { target: this.#data.target })
  }
}
