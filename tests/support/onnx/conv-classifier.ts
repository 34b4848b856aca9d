import * as ort from 'onnxruntime-node'
import type { OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { uniform } from '../random.js'
import { bytesOf, floats, nodeOf } from './onnx-models.js'

/** An ONNX file of a classifier of three classes for images of 8 × 8 pixels, with random weights. */
export function convClassifier(random: () => number, channels: number): Uint8Array {
  const weights = (...shape: readonly number[]): OnnxTensor => {
    const count = shape.reduce((product, length) => product * length, 1)
    return floats(uniform(random, count, [-0.3, 0.3]), shape)
  }
  return bytesOf({
    nodes: [
      nodeOf('Conv', ['x', 'onnx::Conv_1'], 'convolved'),
      nodeOf('Relu', ['convolved'], 'positive'),
      nodeOf('Flatten', ['positive'], 'flat'),
      nodeOf('Gemm', ['flat', 'onnx::MatMul_2'], 'sums'),
      nodeOf('Softmax', ['sums'], 'y', { axis: -1 }),
    ],
    constants: {
      'onnx::Conv_1': weights(3, channels, 3, 3),
      'onnx::MatMul_2': weights(108, 3),
    },
    inputs: { x: [channels, 8, 8] },
    outputs: ['y'],
  })
}

/** The percentages that ONNX Runtime computes for images, with one decimal as elements show them. */
export async function computePercentages(
  classifier: Uint8Array,
  images: Float32Array,
  shape: readonly number[],
): Promise<string[]> {
  const session = await ort.InferenceSession.create(classifier)
  const { y } = await session.run({ x: new ort.Tensor('float32', images, shape) })
  await session.release()
  return Array.from(y!.data as Float32Array, (share) => (100 * share).toFixed(1))
}
