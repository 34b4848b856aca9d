import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll } from 'vitest'

/**
 * For the tests of a file's block: webgpu computes on the GPU what it otherwise does on the host, small tensors that
 * are not there yet. Models' activations are.
 */
export function keepOnGpu(): void {
  const flag = 'WEBGPU_CPU_FORWARD'
  let before: boolean | undefined
  beforeAll(() => {
    before = tf.env().getBool(flag)
    tf.env().set(flag, false)
  })
  afterAll(() => {
    if (before !== undefined) tf.env().set(flag, before)
  })
}
