import * as tf from '@tensorflow/tfjs'
import type { Kernel } from '../../kernel.js'
import { allocate, readInPlace } from '../in-place.js'

/**
 * The wasm backend has no UnsortedSegmentSum. Negative ids are left out, as on the other backends.
 */
export const unsortedSegmentSum: Kernel = ({ x, segmentIds }, attributes) =>
  tf.tidy(() => {
    const { numSegments } = attributes as { numSegments: number }
    const input = x!
    const ids = segmentIds!.dataSync()
    const width = ids.length === 0 ? 0 : input.size / ids.length
    const shape = [numSegments, ...input.shape.slice(1)]
    const { tensor, values: result } = allocate(shape)
    const values = readInPlace(input)
    ids.forEach((id, row) => {
      if (id < 0 || id >= numSegments) return
      const from = row * width
      const to = id * width
      for (let column = 0; column < width; column++) {
        result[to + column] = result[to + column]! + values[from + column]!
      }
    })
    return input.dtype === 'float32' ? tensor : tf.cast(tensor, input.dtype)
  })
