import * as tf from '@tensorflow/tfjs'
import type { Kernel } from '../kernel.js'

/** The wasm backend has no UnsortedSegmentSum. Negative ids are left out, as on the other backends. */
export const unsortedSegmentSum: Kernel = ({ x, segmentIds }, attributes) => {
  const { numSegments } = attributes as { numSegments: number }
  const input = x as tf.Tensor
  const ids = (segmentIds as tf.Tensor).dataSync()
  const values = input.dataSync()
  const width = ids.length === 0 ? 0 : values.length / ids.length
  const shape = [numSegments, ...input.shape.slice(1)]
  const result = new Float32Array(tf.util.sizeFromShape(shape))
  ids.forEach((id, row) => {
    if (id < 0 || id >= numSegments) return
    const from = row * width
    const to = id * width
    for (let column = 0; column < width; column++) {
      result[to + column] = (result[to + column] as number) + (values[from + column] as number)
    }
  })
  return tf.tensor(result, shape, input.dtype)
}
