import * as tf from '@tensorflow/tfjs'
import type { Gradient, KernelCall } from '../../kernel.js'
import { poolAxes } from './max-pool.js'
import { runKernel } from '../run-kernel.js'
import type { WindowAxis } from '../window.js'

/**
 * The backward kernels with the attributes as they are, or refused: tfjs's own leaves the rounding
 * mode out.
 */
export const maxPool2DGradient: Gradient = ([dy], call) => {
  const [x, y, axes] = partsOf('MaxPool', call)
  return {
    x: () => {
      if (tf.getBackend() === 'webgpu') return firstOfTies(dy!, x, y, axes, call)
      return runKernel('MaxPoolGrad', { dy: dy!, input: x, output: y }, call.attributes)
    },
  }
}

export const maxPool3DGradient: Gradient = ([dy], call) => {
  const [x, y] = partsOf('MaxPool3D', call)
  return {
    x: () => runKernel('MaxPool3DGrad', { dy: dy!, input: x, output: y }, call.attributes),
  }
}

function partsOf(kernelName: string, call: KernelCall): [tf.Tensor, tf.Tensor, WindowAxis[]] {
  const x = call.inputs['x']!
  const y = call.outputs[0]!
  return [x, y, poolAxes(kernelName, x.shape, y.shape, call.attributes)]
}

/**
 * webgpu gives a tie to the last maximum of a window: with everything turned round, that is the
 * first one.
 */
function firstOfTies(
  dy: tf.Tensor,
  x: tf.Tensor,
  y: tf.Tensor,
  axes: readonly WindowAxis[],
  { attributes }: KernelCall,
): tf.Tensor {
  return tf.tidy(() => {
    const turned = (tensor: tf.Tensor): tf.Tensor => tf.reverse(tensor, [1, 2])
    const padding = axes.map(({ input, output, taps, stride, before }) => {
      const behind = (output - 1) * stride + taps - before - input
      return [behind, before]
    })
    const gradient = runKernel(
      'MaxPoolGrad',
      { dy: turned(dy), input: turned(x), output: turned(y) },
      { ...attributes, pad: [[0, 0], ...padding, [0, 0]] },
    )
    return turned(gradient)
  })
}
