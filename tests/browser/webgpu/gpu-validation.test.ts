import * as tf from '@tensorflow/tfjs'
import { IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { disposedAfterTest } from '../../support/models/models.js'

/** A layer one of whose kernels has a shader that does not compile, as some of TensorFlow.js's have. */
class Faulty extends tf.layers.Layer {
  static readonly className = 'Faulty'
  static isFaulty = true

  override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { device } = tf.engine().findBackend('webgpu') as unknown as { device: GPUDevice }
    if (Faulty.isFaulty) device.createShaderModule({ code: 'fn nonsense( {' })
    return tf.mul(Array.isArray(x) ? x[0]! : x, 2)
  }
}

it('returns no values of a pass in which the GPU refused a command, and runs the next one', async () => {
  await useDevice('cpu')
  const model = disposedAfterTest(
    tf.sequential({ layers: [new Faulty({ inputShape: [2] }), tf.layers.dense({ units: 1 })] }),
  )
  using explainer = new IntegratedGradients(tfjsPredictor(model), { device: 'webgpu', nSteps: 2 })
  Faulty.isFaulty = true
  await expect(explainer.explain([[1, 2]])).rejects.toMatchObject({
    name: 'DeviceError',
    device: 'webgpu',
    message: expect.stringContaining('refused a command') as string,
  })
  Faulty.isFaulty = false
  const { deltas } = await explainer.explain([[1, 2]])
  expect(Math.abs(deltas.data[0]!)).toBeLessThan(1e-6)
})
