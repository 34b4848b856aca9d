import { UnsupportedError } from '../../errors.js'
import type { OnnxNode } from '../model/onnx-model.js'

/**
 * Creates the error for a form of an operator that has no backward rule.
 *
 * @param reason what about it isn't supported, as the end of a sentence: 'groups of …'
 */
export function refuse(node: OnnxNode, reason: string): UnsupportedError {
  const name = node.name === '' ? (node.outputs[0] ?? '') : node.name
  return new UnsupportedError(
    node.op,
    `${node.op} '${name}': ${reason}. Export the model with another form of the operator, or attribute to a layer ` +
      'after it.',
  )
}
