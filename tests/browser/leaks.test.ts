import * as tf from '@tensorflow/tfjs'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { expect, it } from 'vitest'
import { useDevice } from '../support/devices/devices.js'
import { describeLeakGuard } from '../support/cases/leak-cases.js'
import { expectNoLeaks } from '../support/leaks.js'

describeLeakGuard()

it('fails work that keeps a GPU buffer without a tensor', async () => {
  await useDevice('webgpu')
  const { bufferManager } = tf.backend() as WebGPUBackend
  const buffers: GPUBuffer[] = []
  const leaking = expectNoLeaks(() =>
    buffers.push(bufferManager.acquireBuffer(256, GPUBufferUsage.STORAGE)),
  )
  await expect(leaking).rejects.toThrow('GPU bytes of no tensor: 0 before, 256 after')
  for (const buffer of buffers) bufferManager.releaseBuffer(buffer)
})

it('passes work that uploads an existing tensor to the GPU', async () => {
  await useDevice('webgpu')
  const weights = tf.ones([64, 64])
  await expectNoLeaks(async () => {
    const product = tf.matMul(weights, weights)
    await product.data()
    product.dispose()
  })
  weights.dispose()
})
