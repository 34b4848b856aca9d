import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { devices, useDevice } from '../devices/devices.js'
import { expectNoLeaks } from '../leaks.js'

/** Tests what expectNoLeaks accepts and refuses, on each device of this environment. */
export function describeLeakGuard(): void {
  describe('expectNoLeaks', () => {
    for (const device of devices) {
      it(`passes work on ${device} that disposes of its tensors`, async () => {
        await useDevice(device)
        const product = await expectNoLeaks(async () => {
          const result = tf.tidy(() => tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).sum())
          const values = await result.data()
          result.dispose()
          return values[0]
        })
        expect(product).toBe(64 ** 3)
      })

      it(`fails work on ${device} that leaves a tensor behind`, async () => {
        await useDevice(device)
        const tensors: tf.Tensor[] = []
        const leaking = expectNoLeaks(() => tensors.push(tf.ones([3])))
        await expect(leaking).rejects.toThrow('tensors: ')
        tf.dispose(tensors)
      })
    }

    it('fails work that patches the engine', async () => {
      const engine = tf.engine() as { runKernel?: unknown }
      const patching = expectNoLeaks(() => (engine.runKernel = () => undefined))
      await expect(patching).rejects.toThrow('engine().runKernel')
      delete engine.runKernel
    })

    it('fails work that replaces a kernel', async () => {
      const kernel = tf.getKernel('Add', 'cpu')
      const replacing = expectNoLeaks(() => {
        tf.unregisterKernel('Add', 'cpu')
        tf.registerKernel({ ...kernel })
      })
      await expect(replacing).rejects.toThrow("cpu's kernel Add")
      tf.unregisterKernel('Add', 'cpu')
      tf.registerKernel(kernel)
    })
  })
}
