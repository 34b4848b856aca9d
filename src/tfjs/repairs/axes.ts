import * as tf from '@tensorflow/tfjs'
import type { WindowAxis } from './window.js'

/** Reshapes the tensor to [axes before the axis, the axis, axes after it]. */
export function splitAt(x: tf.Tensor, axis: number): tf.Tensor3D {
  const before = x.shape.slice(0, axis).reduce((product, length) => product * length, 1)
  const behind = x.shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  return tf.reshape(x, [before, x.shape[axis]!, behind])
}

/** The shape with another length along one axis. */
export function withLength(shape: readonly number[], axis: number, length: number): number[] {
  return shape.map((old, index) => (index === axis ? length : old))
}

/** x with `stride` − 1 zeros behind each of its elements along the axis. */
export function spread(x: tf.Tensor, axis: number, stride: number): tf.Tensor {
  if (stride === 1) return x
  const length = x.shape[axis]!
  const [before, , behind] = splitAt(x, axis).shape
  const spaced = tf.pad(tf.reshape(x, [before * length, 1, behind]), [
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ])
  return tf.reshape(spaced, withLength(x.shape, axis, length * stride))
}

/** x from position `start` on, `length` long along the axis: `filler` where it has no elements. */
export function fit(
  x: tf.Tensor,
  axis: number,
  start: number,
  length: number,
  filler = 0,
): tf.Tensor {
  const old = x.shape[axis]!
  const from = Math.max(0, start)
  const kept = Math.max(0, Math.min(old, start + length) - from)
  if (kept === 0) return tf.fill(withLength(x.shape, axis, length), filler)
  let part: tf.Tensor = splitAt(x, axis)
  if (kept < old) part = tf.slice(part, [0, from, 0], [-1, kept, -1])
  if (kept < length) {
    const front = from - start
    const behind = length - kept - front
    part = tf.pad(
      part,
      [
        [0, 0],
        [front, behind],
        [0, 0],
      ],
      filler,
    )
  }
  return tf.reshape(part, withLength(x.shape, axis, length))
}

/**
 * The inputs of one tap of a window, one for each output along the axis; `filler` in the padding.
 */
export function selectMetByTap(
  x: tf.Tensor,
  axis: number,
  { output, stride, dilation, before }: WindowAxis,
  tap: number,
  filler = 0,
): tf.Tensor {
  const reach = (output - 1) * stride + 1
  const met = fit(x, axis, tap * dilation - before, reach, filler)
  if (stride === 1) return met
  const parts = splitAt(met, axis)
  const taken = tf.stridedSlice(parts, [0, 0, 0], parts.shape, [1, stride, 1])
  return tf.reshape(taken, withLength(x.shape, axis, output))
}

/**
 * The adjoint of `metByTap`: what belongs to each output, put back to the input that its tap met.
 */
export function putBack(
  gradient: tf.Tensor,
  axis: number,
  { input, stride, dilation, before }: WindowAxis,
  tap: number,
): tf.Tensor {
  return fit(spread(gradient, axis, stride), axis, before - tap * dilation, input)
}
