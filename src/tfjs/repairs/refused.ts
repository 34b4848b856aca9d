import * as tf from '@tensorflow/tfjs'
import { UnsupportedError } from '../../errors.js'
import type { Gradient } from '../kernel.js'

/**
 * A gradient that tfjs has and gets wrong on some devices, and that is not repaired: refused there
 * by name.
 */
function refuseOn(kernelName: string, devices: readonly string[], remedy: string): Gradient {
  return (outputGradients, call) => {
    const device = tf.getBackend()
    if (devices.includes(device)) {
      throw new UnsupportedError(
        kernelName,
        `No gradient for ${kernelName} on ${device}: TensorFlow.js computes it wrongly there. ${remedy}`,
      )
    }
    const own = tf.getGradient(kernelName)
    const saved = (own.inputsToSave ?? []).map((name) => call.inputs[name]!)
    const [dy] = outputGradients
    return own.gradFunc(dy!, saved, call.attributes as Record<string, never>)
  }
}

export const refusedGradients: Readonly<Record<string, Gradient>> = {
  Dilation2D: refuseOn('Dilation2D', ['wasm'], "Use device 'cpu' or 'webgpu'."),
}
