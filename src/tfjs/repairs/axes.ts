import * as tf from '@tensorflow/tfjs'

/** The tensor as [what lies before the axis, the axis, what lies behind it]. */
export function splitAt(x: tf.Tensor, axis: number): tf.Tensor3D {
  const before = x.shape.slice(0, axis).reduce((product, length) => product * length, 1)
  const behind = x.shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  return tf.reshape(x, [before, x.shape[axis] as number, behind])
}

/** The shape with another length along one axis. */
export function withLength(shape: readonly number[], axis: number, length: number): number[] {
  return shape.map((old, index) => (index === axis ? length : old))
}

/** x with `stride` − 1 zeros behind each of its elements along the axis. */
export function spread(x: tf.Tensor, axis: number, stride: number): tf.Tensor {
  if (stride === 1) return x
  const length = x.shape[axis] as number
  const [before, , behind] = splitAt(x, axis).shape
  const spaced = tf.pad(tf.reshape(x, [before * length, 1, behind]), [
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ])
  return tf.reshape(spaced, withLength(x.shape, axis, length * stride))
}

/** x from position `start` on, `length` long along the axis: zeros where it has no elements. */
export function fit(x: tf.Tensor, axis: number, start: number, length: number): tf.Tensor {
  const old = x.shape[axis] as number
  const from = Math.max(0, start)
  const to = Math.min(old, start + length)
  const kept = Math.max(0, to - from)
  if (kept === 0) return tf.zeros(withLength(x.shape, axis, length))
  let part: tf.Tensor = splitAt(x, axis)
  if (kept < old) part = tf.slice(part, [0, from, 0], [-1, kept, -1])
  if (kept < length) {
    const front = from - start
    part = tf.pad(part, [
      [0, 0],
      [front, length - kept - front],
      [0, 0],
    ])
  }
  return tf.reshape(part, withLength(x.shape, axis, length))
}
