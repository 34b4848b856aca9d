import * as tf from '@tensorflow/tfjs'
import type { PartialRepair } from '../../kernel.js'

/** For webgpu, whose own divides by the number of steps, which is 0 for one number. */
export const linSpaceOfOne: PartialRepair = {
  isNeeded: (_, { num }) => num === 1,
  kernel: (_, { start }) => tf.tensor1d([start as number]),
}
