import { type AttributeInputs, toAttributes } from '../../../src/onnx/model/attributes.js'
import type { Attributes, ElementType } from '../../../src/onnx/model/onnx-model.js'
import { createTensor } from '../../../src/onnx/model/tensor-data.js'

/** An array of the fixture's file. */
interface Place {
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly byteOffset: number
}

/** An operator with the outputs and gradients that tests/peers/operators computed. */
export interface OperatorCase {
  readonly op: string
  readonly opset: number
  readonly attributes: Attributes
  /** Null for an input or output that is left out. */
  readonly inputs: readonly ((Place & { readonly isConstant: boolean }) | null)[]
  readonly outputs: readonly (Place | null)[]
  /** Per output, the gradient that the backward pass starts with. */
  readonly seeds: readonly (Place | null)[]
  /** By the index of an input. */
  readonly gradients: Readonly<Record<string, Place>>
}

/** The cases of tests/fixtures/operators.json, by family, and the bytes of their arrays. */
export interface OperatorCases {
  readonly families: Readonly<Record<string, readonly OperatorCase[]>>
  readonly bytes: Uint8Array
}

/** Returns the bytes of an array, copied. */
export function bytesOf({ bytes }: OperatorCases, { type, shape, byteOffset }: Place): Uint8Array {
  const width = type === 'int64' ? 8 : type === 'bool' ? 1 : 4
  const count = shape.reduce((a, b) => a * b, 1)
  return bytes.slice(byteOffset, byteOffset + width * count)
}

/** Describes a case in one line, for messages. */
export function describeCase({ op, attributes, inputs }: OperatorCase): string {
  const shapes = inputs.map((input) => (input === null ? '-' : `[${input.shape.join()}]`))
  const values = Object.entries(attributes).map(([name, attribute]) =>
    'value' in attribute ? `${name}=${JSON.stringify(attribute.value)}` : name,
  )
  return [op, ...shapes, ...values].join(' ')
}

/** Numbers with a shape; int64 for inputs that are marked so. */
export interface Values {
  readonly shape: readonly number[]
  readonly values: readonly number[]
  readonly type?: 'int64' | 'bool'
}

/** Creates one case from numbers. Integers are constants of the model. */
export function createCase(given: {
  readonly op: string
  readonly attributes?: AttributeInputs
  readonly inputs: readonly Values[]
  readonly output: Values
  /** The gradient of the output. Default: ones. */
  readonly seed?: readonly number[]
  readonly gradients: readonly (readonly number[])[]
}): OperatorCases {
  const parts: Uint8Array[] = []
  let byteOffset = 0
  const place = ({ shape, values, type = 'int64' }: Values, isFloat: boolean): Place => {
    const tensor = createTensor(isFloat ? 'float32' : type, values, shape)
    const placed = { type: tensor.type, shape, byteOffset }
    parts.push(tensor.bytes)
    byteOffset += tensor.bytes.length
    return placed
  }
  const { op, attributes = {}, inputs, output, gradients } = given
  const seed = given.seed ?? output.values.map(() => 1)
  const each: OperatorCase = {
    op,
    opset: 21,
    attributes: toAttributes(attributes),
    inputs: inputs.map((input) => {
      const isFloat = input.type === undefined
      return { ...place(input, isFloat), isConstant: !isFloat }
    }),
    outputs: [place(output, true)],
    seeds: [place({ shape: output.shape, values: seed }, true)],
    gradients: Object.fromEntries(
      gradients.map((values, k) => [k, place({ shape: inputs[k]!.shape, values }, true)]),
    ),
  }
  const bytes = new Uint8Array(byteOffset)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { families: { given: [each] }, bytes }
}
