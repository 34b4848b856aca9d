import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { afterEach, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { denseNet } from '../../support/models/models.js'

const x = [
  [1, 2],
  [0.5, -1],
  [2, 0],
]

/** TensorFlow.js keeps a lost device for ever, so the next tests need another one. */
afterEach(async () => {
  await useDevice('cpu')
  const { registry } = tf.engine() as unknown as { registry: Record<string, unknown> }
  delete registry['webgpu']
  await useDevice('webgpu')
  await useDevice('cpu')
})

async function loseDevice(): Promise<void> {
  const { device } = tf.engine().findBackend('webgpu') as unknown as { device: GPUDevice }
  device.destroy()
  await device.lost
}

describe('when the GPU device is lost', () => {
  it('rejects with the reason and what to do, and wasm still works', async () => {
    await useDevice('cpu')
    const model = denseNet(
      [
        [
          [1, -1],
          [0.5, 2],
        ],
        [0, 0.1],
      ],
      ['softmax'],
    )
    const lossFn = 'sparseCategoricalCrossentropy'
    using explainer = new GradientSimilarity(tfjsPredictor(model), lossFn, { device: 'webgpu' })
    await explainer.fit(x, [0, 1, 0])
    const before = await explainer.explain(x)
    await loseDevice()
    await expect(explainer.explain(x)).rejects.toMatchObject({
      name: 'DeviceError',
      device: 'webgpu',
      message: expect.stringContaining("device 'wasm'") as string,
    })
    using another = new GradientSimilarity(tfjsPredictor(model), lossFn, { device: 'webgpu' })
    await another.fit(x, [0, 1, 0])
    await expect(another.explain(x)).rejects.toMatchObject({ name: 'DeviceError' })
    using onWasm = new GradientSimilarity(tfjsPredictor(model), lossFn, { device: 'wasm' })
    await onWasm.fit(x, [0, 1, 0])
    const after = await onWasm.explain(x)
    expect([...after.orderedIndices.data]).toEqual([...before.orderedIndices.data])
  })

  it('rejects a running fit, and keeps the earlier one', async () => {
    await useDevice('cpu')
    const model = denseNet(
      [
        [
          [1, -1],
          [0.5, 2],
        ],
        [0, 0.1],
      ],
      ['softmax'],
    )
    using explainer = new GradientSimilarity(
      tfjsPredictor(model),
      'sparseCategoricalCrossentropy',
      { device: 'webgpu', precomputeGrads: true, batchSize: 1 },
    )
    await explainer.fit(x.slice(0, 2), [0, 1])
    const { gradientBytes } = explainer
    const steps: number[] = []
    const fitting = explainer.fit(x, [0, 1, 0], {
      onProgress: ({ done }) => {
        steps.push(done)
        if (done === 1) void loseDevice()
      },
    })
    await expect(fitting).rejects.toMatchObject({ name: 'DeviceError', device: 'webgpu' })
    expect(steps).not.toContain(3)
    expect(explainer.gradientBytes).toBe(gradientBytes)
    expect(tf.getBackend()).toBe('cpu')
    await expect(explainer.explain(x, [0, 1, 0])).rejects.toMatchObject({ name: 'DeviceError' })
  })
})
