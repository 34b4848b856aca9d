import type { GradientGraph } from '../../graph/gradient-graph.js'
import { range } from '../constants.js'

/**
 * Sums the positions of an axis into those that they were copied from: the transpose of a selection of positions.
 *
 * It is a product with a matrix of zeros and ones, which every device computes, and sums in a fixed order.
 *
 * @param axis of a tensor of this rank
 * @param positions per position of the axis, one below `length`; −1 for none
 */
export function sumIntoPositions(
  graph: GradientGraph,
  tensor: string,
  positions: readonly number[],
  axis: number,
  rank: number,
  length: number,
): string {
  const matrix = new Array<number>(positions.length * length).fill(0)
  for (const [k, position] of positions.entries()) {
    if (position >= 0) matrix[k * length + position] = 1
  }
  return multiplyAxis(graph, tensor, matrix, [positions.length, length], axis, rank)
}

/** Multiplies an axis of a tensor of this rank by a constant matrix [length, new length]. */
export function multiplyAxis(
  graph: GradientGraph,
  tensor: string,
  matrix: readonly number[],
  shape: readonly [number, number],
  axis: number,
  rank: number,
): string {
  const constant = graph.constant(matrix, 'float32', shape)
  const toLast = (name: string): string => swapAxes(graph, name, axis, rank - 1, rank)
  return toLast(graph.add('MatMul', [toLast(tensor), constant]))
}

/** Swaps two axes of a tensor of this rank. */
export function swapAxes(
  graph: GradientGraph,
  tensor: string,
  a: number,
  b: number,
  rank: number,
): string {
  if (a === b) return tensor
  const perm = range(rank)
  perm[a] = b
  perm[b] = a
  return graph.add('Transpose', [tensor], { perm })
}

/** Returns the shape of a tensor of the model with another length of one axis, as a vector of int64. */
export function shapeWith(
  graph: GradientGraph,
  tensor: string,
  axis: number,
  length: number,
): string {
  const lengths = [...graph.infoOf(tensor).shape]
  lengths[axis] = length
  if (lengths.filter((known) => known === null).length < 2) {
    return graph.integers(...lengths.map((known) => known ?? -1))
  }
  const vectors = lengths.map((known, k) =>
    known === null ? graph.lengthTensor(tensor, k) : graph.integers(known),
  )
  return graph.add('Concat', vectors, { axis: 0 })
}
