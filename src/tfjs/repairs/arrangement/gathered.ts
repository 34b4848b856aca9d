import * as tf from '@tensorflow/tfjs'
import { UnsupportedError } from '../../../errors.js'
import type { Gradient } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'

/**
 * The gradient of a kernel that only picks elements of one input: the kernel itself, applied to the
 * elements' numbers, says where each output came from, and dy is added up there.
 */
export function gatheredGradient(kernelName: string, inputName: string): Gradient {
  return ([dy], { inputs, attributes }) => ({
    [inputName]: () =>
      tf.tidy(() => {
        const { shape, size } = inputs[inputName]!
        if (size > countable) {
          throw new UnsupportedError(
            kernelName,
            `The gradient of ${kernelName} is limited to inputs of ${countable} elements, and this one has ` +
              `${size}; use smaller batches.`,
          )
        }
        const numbers = tf.reshape(tf.range(0, size, 1, 'float32'), shape)
        const sources = runKernel(kernelName, { ...inputs, [inputName]: numbers }, attributes)
        return scatterAdd(dy!, tf.cast(sources, 'int32'), shape)
      }),
  })
}

/** Whole numbers that float32 has one by one; the wasm backend's slices do not know int32. */
const countable = 2 ** 24

/**
 * The gradient of looking up slices along one axis: each dy is added to the slice that it came
 * from. Gathering along batch axes reads outside its input on wasm, in the forward pass already.
 */
export const gatherGradient: Gradient = (outputGradients, call) => {
  const { axis: given, batchDims } = call.attributes as {
    axis: number
    batchDims: number | undefined
  }
  if (batchDims !== undefined && batchDims > 0) {
    if (tf.getBackend() !== 'wasm') return gatheredGradient('GatherV2', 'x')(outputGradients, call)
    throw new UnsupportedError(
      'GatherV2',
      `GatherV2 with batchDims ${batchDims} is computed wrongly by TensorFlow.js on wasm; use device 'cpu' ` +
        "or 'webgpu'.",
    )
  }
  const { x, indices } = call.inputs as { x: tf.Tensor; indices: tf.Tensor }
  const axis = given < 0 ? given + x.rank : given
  return {
    x: () =>
      tf.tidy(() => {
        const [sliceCount, before, after] = [
          x.shape[axis]!,
          tf.util.sizeFromShape(x.shape.slice(0, axis)),
          tf.util.sizeFromShape(x.shape.slice(axis + 1)),
        ]
        // A transposition that changes nothing would copy the whole table.
        const exchange = (parts: tf.Tensor): tf.Tensor =>
          before === 1 ? parts : tf.transpose(parts, [1, 0, 2])
        const dy = tf.reshape(outputGradients[0]!, [before, indices.size, after])
        const sums = tf.unsortedSegmentSum(
          tf.reshape(exchange(dy), [indices.size, before, after]),
          tf.cast(tf.reshape<tf.Rank.R1>(indices, [-1]), 'int32'),
          sliceCount,
        )
        return tf.reshape(exchange(sums), x.shape)
      }),
  }
}

/** outputs: the values, and where in its row each of them stood. */
export const topKGradient: Gradient = ([dy], { inputs, outputs }) => ({
  x: () =>
    tf.tidy(() => {
      const { shape, size } = inputs['x']!
      const within = outputs[1]!
      const rows = tf.range(0, size, shape.at(-1), 'int32')
      const count = within.shape.at(-1)!
      const sources = tf.add(tf.reshape(within, [-1, count]), tf.reshape(rows, [-1, 1]))
      return scatterAdd(dy!, sources, shape)
    }),
})

/** A tensor of zeros and that shape, each dy added at its place, counted in row-major order. */
function scatterAdd(dy: tf.Tensor, places: tf.Tensor, shape: number[]): tf.Tensor {
  const segments = tf.reshape<tf.Rank.R1>(places, [-1])
  const size = tf.util.sizeFromShape(shape)
  return tf.reshape(tf.unsortedSegmentSum(tf.reshape(dy, [-1]), segments, size), shape)
}

/** Elements that were added up in one place all see the gradient of that place. */
export const scatterNdGradient: Gradient = ([dy], { inputs }) => ({
  updates: () => tf.gatherND(dy!, inputs['indices']!),
})
