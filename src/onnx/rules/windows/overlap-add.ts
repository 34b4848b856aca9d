import type { GradientGraph } from '../../graph/gradient-graph.js'
import { range } from '../constants.js'

/** Where pieces are put along an axis: element o of a piece goes to position o · stride + its offset. */
interface Placement {
  readonly axis: number
  readonly rank: number
  readonly stride: number
  /** The number of elements of each piece, and the length of the result. */
  readonly count: number
  readonly length: number
  /** Per axis of a piece, its length; null if it depends on the number of examples. */
  readonly lengths: readonly (number | null)[]
}

/**
 * Sums pieces into a longer axis, with zeros where none is put. It is the transpose of strided slices.
 *
 * Pieces whose offsets differ by less than the stride are interleaved, not added.
 *
 * @param pieces by their offsets; parts beyond the ends are cut off
 */
export function overlapAdd(
  graph: GradientGraph,
  pieces: ReadonlyMap<number, string>,
  placement: Placement,
): string {
  const { axis, rank, stride, count, length } = placement
  const blocks = new Map<number, Map<number, string>>()
  for (const [offset, piece] of pieces) {
    const block = Math.floor(offset / stride)
    const members = blocks.get(block) ?? new Map<number, string>()
    blocks.set(block, members.set(offset - block * stride, piece))
  }
  const terms = [...blocks].map(([block, members]) => {
    const joined = interleave(graph, members, placement)
    const begin = block * stride
    return padAxis(graph, joined, axis, rank, begin, length - begin - count * stride)
  })
  return graph.sum(terms)
}

/** Pads one axis with zeros, or cuts it where a count is negative. */
export function padAxis(
  graph: GradientGraph,
  tensor: string,
  axis: number,
  rank: number,
  before: number,
  after: number,
  value = 0,
): string {
  if (before === 0 && after === 0) return tensor
  const pads = range(2 * rank).fill(0)
  pads[axis] = before
  pads[axis + rank] = after
  return graph.add('Pad', [tensor, graph.integers(...pads), graph.constant(value)])
}

/** Joins pieces so that element o of piece r comes to o · stride + r. */
function interleave(
  graph: GradientGraph,
  pieces: ReadonlyMap<number, string>,
  { axis, rank, stride, count, lengths }: Placement,
): string {
  if (stride === 1) return pieces.get(0)!
  const apart = graph.integers(axis + 1)
  const columns = new Map(
    [...pieces].map(([offset, piece]) => [offset, graph.add('Unsqueeze', [piece, apart])]),
  )
  const first = Math.min(...columns.keys())
  const only = columns.get(first)!
  let joined: string
  if (columns.size === 1) {
    joined = padAxis(graph, only, axis + 1, rank + 1, first, stride - 1 - first)
  } else {
    const zeros = columns.size < stride ? graph.add('Mul', [only, graph.constant(0)]) : ''
    const parts = range(stride).map((offset) => columns.get(offset) ?? zeros)
    joined = graph.add('Concat', parts, { axis: axis + 1 })
  }
  // A length of 0 is copied from the tensor; axes before this one have the same number there.
  const shape = lengths.map((known, k) => {
    if (k === axis) return count * stride
    return k < axis ? 0 : (known ?? -1)
  })
  return graph.add('Reshape', [joined, graph.integers(...shape)])
}
