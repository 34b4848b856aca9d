import type { OnnxNode, OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { bytesOf, floats, nodeOf } from './onnx-models.js'

const operators = {
  linear: 'Identity',
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  softmax: 'Softmax',
  tanh: 'Tanh',
} as const

/** Layers of a dense net: weights in the order kernel, bias, kernel, bias, … */
export interface DenseModel {
  readonly weights: readonly (readonly number[] | readonly (readonly number[])[])[]
  readonly activations: readonly (keyof typeof operators)[]
}

/** A dense net as an .onnx file. */
export function denseModel({ weights, activations }: DenseModel): Uint8Array {
  const nodes: OnnxNode[] = []
  const constants: Record<string, OnnxTensor> = {}
  let tensor = 'x'
  for (const [layer, activation] of activations.entries()) {
    const kernel = weights[2 * layer] as number[][]
    const bias = weights[2 * layer + 1] as number[]
    constants[`kernel${layer}`] = floats(kernel.flat(), [kernel.length, bias.length])
    constants[`bias${layer}`] = floats(bias, [bias.length])
    nodes.push(
      nodeOf('MatMul', [tensor, `kernel${layer}`], `product${layer}`),
      nodeOf('Add', [`product${layer}`, `bias${layer}`], `sum${layer}`),
      nodeOf(operators[activation], [`sum${layer}`], `output${layer}`),
    )
    tensor = `output${layer}`
  }
  const inputLength = (weights[0] as number[][]).length
  return bytesOf({ nodes, constants, inputs: { x: [inputLength] }, outputs: [tensor] })
}
