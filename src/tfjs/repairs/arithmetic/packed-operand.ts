import * as tf from '@tensorflow/tfjs'
import type { Attributes, PartialRepair } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'

/** The matrix as which data were packed. */
const packed = new WeakMap<object, string>()

/**
 * For wasm, which packs a product's right operand once and finds it again by its data only. The
 * same data in another shape, such as a reshaped weight, are then read as the earlier matrix, and
 * beyond their end.
 */
export const repairPackedProduct = (kernelName: 'BatchMatMul' | '_FusedMatMul'): PartialRepair => ({
  isNeeded({ b }, { transposeA, transposeB }: Attributes) {
    if (transposeA === true || transposeB === true || b!.dtype !== 'float32') return false
    const matrix = String(b!.shape.slice(-2))
    const before = packed.get(b!.dataId)
    if (before === undefined) packed.set(b!.dataId, matrix)
    return before !== undefined && before !== matrix
  },
  // A product by one is a copy, with data of its own.
  kernel: (inputs, attributes) =>
    runKernel(kernelName, { ...inputs, b: tf.mul(inputs['b']!, 1) }, attributes),
})
