import { readInt } from '../model/attributes.js'
import { type ElementType, elementTypes, type OnnxNode } from '../model/onnx-model.js'
import { isFloat } from '../model/tensor-data.js'
import { Refusal } from './tensor-graph.js'
import type { TfType } from './tf-graph.js'

/**
 * Returns the type of TensorFlow.js for one of ONNX, or for its number. Floats become float32, integers int32.
 *
 * @throws Refusal for types that TensorFlow.js doesn't have
 */
export function toTfType(given: ElementType | number): TfType {
  const type =
    typeof given === 'number'
      ? (elementTypes[given as keyof typeof elementTypes] as ElementType | undefined)
      : given
  if (type === undefined || type === 'string') {
    throw new Refusal(`it has the element type ${type ?? given}`)
  }
  if (isFloat(type)) return 'float32'
  return type === 'bool' ? 'bool' : 'int32'
}

/**
 * Returns what a cast converts to.
 *
 * @throws Refusal for integers that wrap around at other limits than those of int32, unless truth values are cast
 */
export function readCastType(node: OnnxNode, from: TfType): TfType {
  const target = readInt(node, 'to', 1)
  const type = toTfType(target)
  const name = elementTypes[target as keyof typeof elementTypes]
  if (type === 'int32' && from !== 'bool' && name !== 'int32' && name !== 'int64') {
    throw new Refusal(`it casts to ${name}; expected int32 or int64, or a cast of truth values`)
  }
  return type
}
