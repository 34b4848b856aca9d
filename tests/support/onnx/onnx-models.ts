import type { ElementType, OnnxNode, OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { type AttributeInputs, toAttributes } from '../../../src/onnx/model/attributes.js'
import { createTensor } from '../../../src/onnx/model/tensor-data.js'
import { writeModel } from '../../../src/onnx/model/write-model.js'

/** An operator of a test's model. */
export const nodeOf = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: AttributeInputs = {},
): OnnxNode => ({
  name: `the ${op} of ${output}`,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes: toAttributes(attributes),
})

/** A float32 constant. */
export const floats = (values: ArrayLike<number>, shape: readonly number[]): OnnxTensor =>
  createTensor('float32', values, shape)

/** A constant vector of int64. */
export const integers = (...values: readonly number[]): OnnxTensor =>
  createTensor('int64', values, [values.length])

/** A model of a test. */
export interface TestModel {
  readonly nodes: readonly OnnxNode[]
  readonly constants: Readonly<Record<string, OnnxTensor>>
  /** The shapes of examples by the names of inputs, of float32. */
  readonly inputs: Readonly<Record<string, readonly (number | null)[]>>
  /** The element types of inputs other than float32. */
  readonly types?: Readonly<Record<string, ElementType>>
  readonly outputs: readonly string[]
  readonly opset?: number
}

/** The bytes of an .onnx file. */
export function bytesOf({
  nodes,
  constants,
  inputs,
  types = {},
  outputs,
  opset = 18,
}: TestModel): Uint8Array {
  return writeModel({
    opsets: new Map([['', opset]]),
    graph: {
      nodes,
      constants: new Map(Object.entries(constants)),
      inputs: Object.entries(inputs).map(([name, shape]) => ({
        name,
        type: types[name] ?? 'float32',
        shape: [null, ...shape],
      })),
      outputs,
    },
  })
}
