import { type ElementType, elementTypes } from '../model/onnx-model.js'
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
