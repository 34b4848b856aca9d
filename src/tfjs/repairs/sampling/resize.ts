import * as tf from '@tensorflow/tfjs'
import type { Attributes, Gradient, Kernel } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'

type Shape4D = [number, number, number, number]

interface ResizeAttributes {
  readonly size: readonly [number, number]
  readonly halfPixelCenters: boolean
}

/**
 * A resize is linear, and separable into rows and columns. What the forward kernel makes of the
 * identity is its interpolation matrix, whatever the flags; the gradient is the product with the
 * transposed matrices.
 */
function resizeGradient(
  kernelName: string,
  dy: tf.Tensor,
  inputShape: Shape4D,
  attributes: Attributes,
): tf.Tensor {
  const { size } = attributes as unknown as ResizeAttributes
  const [batch, rows, columns, channels] = inputShape
  const matrix = (from: number, to: number): tf.Tensor =>
    tf.reshape(
      runKernel(
        kernelName,
        { images: tf.reshape(tf.eye(from), [1, from, 1, from]) },
        { ...attributes, size: [to, 1] },
      ),
      [to, from],
    )
  // A plain product of two matrices is the one that the wasm backend has a fast kernel for.
  const overColumns = tf.matMul(
    tf.reshape(tf.transpose(dy, [0, 3, 1, 2]), [-1, size[1]]),
    matrix(columns, size[1]),
  )
  const exchanged = tf.transpose(
    tf.reshape(overColumns, [batch, channels, size[0], columns]),
    [0, 1, 3, 2],
  )
  const overRows = tf.matMul(tf.reshape(exchanged, [-1, size[0]]), matrix(rows, size[0]))
  return tf.transpose(tf.reshape(overRows, [batch, channels, columns, rows]), [0, 3, 2, 1])
}

function kernelOf(forwardKernel: string): Kernel {
  return ({ images, dy }, attributes) =>
    tf.tidy(() => resizeGradient(forwardKernel, dy!, images!.shape as Shape4D, attributes))
}

/** tfjs's backward kernels know nothing of halfPixelCenters; elsewhere they stay in use. */
function gradientOf(forwardKernel: string): Gradient {
  return ([dy], { inputs, attributes }) => {
    const { images } = inputs as { images: tf.Tensor }
    const { halfPixelCenters } = attributes as unknown as ResizeAttributes
    const outputGradient = dy!
    return {
      images: () =>
        halfPixelCenters
          ? tf.tidy(() =>
              resizeGradient(forwardKernel, outputGradient, images.shape as Shape4D, attributes),
            )
          : runKernel(`${forwardKernel}Grad`, { images, dy: outputGradient }, attributes),
    }
  }
}

export const resizeBilinearGrad: Kernel = kernelOf('ResizeBilinear')
export const resizeNearestNeighborGrad: Kernel = kernelOf('ResizeNearestNeighbor')
export const resizeBilinearGradient: Gradient = gradientOf('ResizeBilinear')
export const resizeNearestNeighborGradient: Gradient = gradientOf('ResizeNearestNeighbor')
