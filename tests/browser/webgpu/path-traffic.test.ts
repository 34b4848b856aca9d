import * as tf from '@tensorflow/tfjs'
import { ExpectedGradients, IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, expect, it, vi } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'

beforeAll(() => useDevice('cpu'))

const inputSize = 300
const exampleCount = 4
const outputSize = 3

/** Bytes that are read back while integrated or expected gradients are computed, without the look at the model before. */
async function mappedBytes(explain: (model: Predictor<tf.Tensor>) => Explain): Promise<number> {
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 6, activation: 'tanh', inputShape: [inputSize] }),
        tf.layers.dense({ units: outputSize, activation: 'softmax' }),
      ],
    }),
  )
  using explainer = explain(tfjsPredictor(model))
  await explainer.explain()
  const map = vi.spyOn(GPUBuffer.prototype, 'mapAsync')
  await explainer.explain()
  const bytes = map.mock.contexts.reduce<number>(
    (sum, buffer) => sum + (buffer as GPUBuffer).size,
    0,
  )
  map.mockRestore()
  return bytes
}

interface Explain extends Disposable {
  readonly explain: () => Promise<unknown>
}

const examples = (count: number, seed: number): NdArray => ({
  data: uniform(seededRandom(seed), count * inputSize, [-1, 1]),
  shape: [count, inputSize],
})

const x = examples(exampleCount, 2)
const result = exampleCount * inputSize * 4
const prediction = outputSize * 4

// 25 points of each example: all in one pass. 50: two examples a pass.
it.each([25, 50])(
  'reads nothing back from the GPU along a path of %i but the sums',
  async (nSteps) => {
    const bytes = await mappedBytes((model) => {
      const explainer = new IntegratedGradients(model, {
        device: 'webgpu',
        nSteps,
        internalBatchSize: 100,
      })
      return {
        explain: () => explainer.explain(x, { target: 1 }),
        [Symbol.dispose]: () => {
          explainer.dispose()
        },
      }
    })
    expect(bytes).toBe(2 * exampleCount * prediction + result)
  },
)

it.each([25, 50])(
  'reads nothing back for %i drawn baselines but the sums, and what is predicted there',
  async (nSamples) => {
    const background = examples(9, 5)
    const bytes = await mappedBytes((model) => {
      const explainer = new ExpectedGradients(model, {
        device: 'webgpu',
        nSamples,
        internalBatchSize: 100,
      })
      return {
        explain: () => explainer.explain(x, { background, target: 1 }),
        [Symbol.dispose]: () => {
          explainer.dispose()
        },
      }
    })
    expect(bytes).toBe(exampleCount * (1 + nSamples) * prediction + result)
  },
)
