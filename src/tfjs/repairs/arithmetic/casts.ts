import * as tf from '@tensorflow/tfjs'
import type { PartialRepair } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'

export const isInteger = ({ dtype }: tf.Tensor): boolean => dtype === 'int32' || dtype === 'bool'

/** For webgpu, whose own shares the integers' data, which float kernels then read as integers. */
export const castToFloat: PartialRepair = {
  isNeeded: ({ x }, { dtype }) => dtype === 'float32' && isInteger(x!),
  // Unlike the op, the kernel takes operands of two types, and puts out floats.
  kernel: ({ x }) => runKernel('Add', { a: x!, b: tf.scalar(0) }, {}),
}

/** For wasm, whose own keeps the whole part's last byte: 0.2 and 256 are false, 3 is 3. */
export const castToBoolean: PartialRepair = {
  isNeeded: ({ x }, { dtype }) =>
    dtype === 'bool' && (x!.dtype === 'float32' || x!.dtype === 'int32'),
  kernel: ({ x }) => tf.notEqual(x!, tf.scalar(0, x!.dtype)),
}

/** For wasm, whose own copies the data where the type stays as it is. */
export const castToSame: PartialRepair = {
  isNeeded: ({ x }, { dtype }) => dtype === x!.dtype,
  kernel: ({ x }) => tf.reshape(x!, x!.shape),
}
