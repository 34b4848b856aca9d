import * as tf from '@tensorflow/tfjs'
import { type ByteStore, GradientSimilarity, MemoryStore, type Predictor } from 'gradlens'
import { afterEach, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

const loss = 'sparseCategoricalCrossentropy'

/** The gradients of the test examples are computed in float32 by another device. */
const tolerance = 1e-5

/** TensorFlow.js keeps a lost device for ever, so the next tests need another one. */
afterEach(async () => {
  await useDevice('cpu')
  const { registry } = tf.engine() as unknown as { registry: Record<string, unknown> }
  delete registry['webgpu']
  await useDevice('webgpu')
  await useDevice('cpu')
})

/** The store, whose reader loses the GPU while it waits for the second chunk of gradients. */
function losingDevice(store: MemoryStore): ByteStore {
  return {
    async get(key) {
      if (/^segment-0-(values|a)\/c\.1\b/.test(key)) {
        const { device } = tf.engine().findBackend('webgpu') as unknown as { device: GPUDevice }
        device.destroy()
        await device.lost
      }
      return store.get(key)
    },
  }
}

/** Takes the GPU even where it is emulated, as 'auto' does not. */
const onAnyGpu = (predictor: Predictor): Predictor => ({
  ...predictor,
  open: (device) => predictor.open(device, { allowSoftware: true }),
})

/** A store of one row a chunk, and its model. */
async function stored(): Promise<{ store: MemoryStore; predictor: Predictor }> {
  await useDevice('cpu')
  const predictor = onAnyGpu(tfjsClassifier())
  const store = new MemoryStore()
  const options = { device: 'wasm', precomputeGrads: true, store, storeRowsPerChunk: 1 } as const
  using explainer = new GradientSimilarity(predictor, loss, options)
  await explainer.fit(trainX, trainClasses)
  return { store, predictor }
}

it('continues with wasm when the GPU is lost, with the same result', async () => {
  const { store, predictor } = await stored()
  using undisturbed = await GradientSimilarity.open(store, predictor, loss, { device: 'wasm' })
  const expected = await undisturbed.explain(testX)
  using explainer = await GradientSimilarity.open(losingDevice(store), predictor, loss)
  expect(explainer.device).toBe('webgpu')
  const found = await explainer.explain(testX)
  expect(explainer.device).toBe('wasm')
  expect(explainer.fallbackReason).toContain('lost')
  expect([...found.orderedIndices.data]).toEqual([...expected.orderedIndices.data])
  expectNear(found.scores.data, [...expected.scores.data], tolerance)
})

it('rejects when the GPU is lost and device is webgpu', async () => {
  const { store, predictor } = await stored()
  const options = { device: 'webgpu' } as const
  using explainer = await GradientSimilarity.open(losingDevice(store), predictor, loss, options)
  await expect(explainer.explain(testX)).rejects.toMatchObject({
    name: 'DeviceError',
    device: 'webgpu',
  })
})
