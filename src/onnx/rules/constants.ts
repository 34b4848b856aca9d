import type { GradientGraph } from '../graph/gradient-graph.js'
import type { OnnxNode } from '../model/onnx-model.js'
import { constantNumbers } from './constant-values.js'
import { refuse } from './refuse.js'

/** Returns the numbers of an input that is a constant; undefined if it is left out. */
export function readConstantInput(
  node: OnnxNode,
  index: number,
  name: string,
  graph: GradientGraph,
): number[] | undefined {
  const input = node.inputs[index] ?? ''
  if (input === '') return undefined
  const numbers = constantNumbers(graph, input)
  if (numbers !== undefined) return numbers
  throw refuse(node, `'${name}' is computed from the input, and a constant is expected`)
}

/** Returns axes as numbers from 0. */
export const countFromZero = (axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => (axis < 0 ? axis + rank : axis))

/** Returns the numbers from 0 below a length. */
export const range = (length: number): number[] => Array.from({ length }, (_, k) => k)

/**
 * Returns the fixed length of an axis.
 *
 * @throws UnsupportedError if it depends on the number of examples
 */
export function fixedLength(
  node: OnnxNode,
  tensor: string,
  axis: number,
  graph: GradientGraph,
): number {
  const length = graph.lengthOf(tensor, axis)
  if (length !== null) return length
  throw refuse(node, `axis ${axis} of '${tensor}' has a length that depends on the batch`)
}
