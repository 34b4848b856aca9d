import * as tf from '@tensorflow/tfjs'
import {
  Gradient,
  GradientSimilarity,
  IntegratedGradients,
  type NdArray,
  type Progress,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { connectPredictor } from 'gradlens/worker'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { liveWorkers } from '../../support/workers/live-workers.js'
import {
  createDenseNet,
  createPictureNet,
  pictureClasses,
  pictures,
} from '../../support/workers/nets.js'
import { connectWorker, startWorker } from '../../support/workers/start-workers.js'

const loss = 'sparseCategoricalCrossentropy'
const xTrain = pictures(24, 1)
const yTrain = pictureClasses(24)
const question = pictures(2, 2)

/** Sums of float32 numbers in other orders, relative to the largest figure. */
const tolerance = 1e-5

function expectSame(actual: NdArray, expected: NdArray): void {
  expect(actual.shape).toEqual(expected.shape)
  const largest = Math.max(...Array.from(expected.data, Math.abs))
  for (const [k, value] of actual.data.entries()) {
    expect(Math.abs(value - expected.data[k]!)).toBeLessThanOrEqual(tolerance * largest)
  }
}

beforeAll(() => useDevice('cpu'))

it('has the results of the page on wasm', async () => {
  const model = createPictureNet()
  onTestFinished(() => {
    model.dispose()
  })
  const predictor = tfjsPredictor(model)
  const device = 'wasm'
  using localSimilarity = new GradientSimilarity(predictor, loss, { device: 'cpu' })
  using localIntegrated = new IntegratedGradients(predictor, { device: 'cpu', nSteps: 12 })
  const explainers = connectWorker()
  using similarity = explainers.gradientSimilarity(loss, {
    ...{ device, precomputeGrads: true, batchSize: 8 },
  })
  const events: Progress[] = []
  await similarity.fit(xTrain, yTrain, { onProgress: (event) => events.push(event) })
  expect(events.map(({ done }) => done)).toEqual([8, 16, 24])
  await localSimilarity.fit(xTrain, yTrain)
  expectSame(
    (await similarity.explain(question)).scores,
    (await localSimilarity.explain(question)).scores,
  )
  expect([similarity.device, similarity.fallbackReason]).toEqual([device, null])
  using integrated = explainers.integratedGradients({ device, nSteps: 12 })
  const options = { target: 1 }
  expectSame(
    (await integrated.explain(question, options)).attributions[0]!,
    (await localIntegrated.explain(question, options)).attributions[0]!,
  )
  expect(integrated.device).toBe(device)
})

it("works on the worker's GPU, with the results of the page", async () => {
  const model = createDenseNet()
  onTestFinished(() => {
    model.dispose()
  })
  const predictor = tfjsPredictor(model)
  const [train, classes] = [
    [
      [0.5, -1],
      [-0.75, 0.5],
      [1, 1],
    ],
    [0, 1, 2],
  ]
  const x = [
    [0.1, -0.2],
    [-0.6, 0.4],
  ]
  using localSimilarity = new GradientSimilarity(predictor, loss, { device: 'cpu' })
  using localGradient = new Gradient(predictor, { device: 'cpu' })
  await localSimilarity.fit(train, classes)
  const explainers = connectWorker()
  const dense = explainers.value('dense')
  const device = 'webgpu'
  using similarity = explainers.gradientSimilarity(loss, { device, precomputeGrads: true })
  await similarity.resetPredictor(dense)
  await similarity.fit(train, classes)
  expectSame((await similarity.explain(x)).scores, (await localSimilarity.explain(x)).scores)
  using gradient = explainers.gradient({ device })
  await gradient.resetPredictor(dense)
  const target = [0, 2]
  expectSame(
    (await gradient.explain(x, { target })).attributions[0]!,
    (await localGradient.explain(x, { target })).attributions[0]!,
  )
  expect([similarity.device, gradient.device]).toEqual([device, device])
})

it('runs two explainers of one worker at the same time, with the results of each alone', async () => {
  const explainers = connectWorker()
  const device = 'wasm'
  using similarity = explainers.gradientSimilarity(loss, { device, precomputeGrads: true })
  using gradient = explainers.gradient({ device })
  const rank = async (): Promise<NdArray> => {
    await similarity.fit(xTrain, yTrain)
    return (await similarity.explain(question)).scores
  }
  const attribute = async (): Promise<NdArray> =>
    (await gradient.explain(question, { target: 0 })).attributions[0]!
  const [scores, attributions] = [await rank(), await attribute()]
  const together = await Promise.all([rank(), attribute()])
  expect(together).toEqual([scores, attributions])
})

it('chooses a device in the worker, and gives the reasons against the others', async () => {
  const explainers = connectWorker()
  using gradient = explainers.gradient()
  await gradient.explain(question, { target: 0 })
  // The adapter of the tests is emulated, which 'auto' does not take.
  expect(gradient.device).toBe('wasm')
  expect(gradient.fallbackReason).toMatch(/^webgpu: the only adapter is emulated in software/)
})

it('ends with the scope of `using`, and so do the workers of a predictor', async () => {
  const before = liveWorkers()
  {
    using predictor = await connectPredictor([startWorker(), startWorker()])
    using integrated = new IntegratedGradients(predictor, { device: 'wasm', nSteps: 8 })
    await integrated.explain(question, { target: 2 })
    expect(liveWorkers()).toBeGreaterThanOrEqual(before + 2)
  }
  expect(liveWorkers()).toBe(before)
  expect(tf.getBackend()).toBe('cpu')
})
