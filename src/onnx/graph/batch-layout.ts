import type { GraphBuilder } from './graph-builder.js'

/**
 * Where a tensor has its batch: on one axis of length outer · B · inner, on which index i belongs to example
 * ⌊i / inner⌋ mod B. A batch of its own axis has outer = inner = 1; [B·T, d] has inner = T, and [T·B, d] outer = T.
 */
export interface BatchLayout {
  readonly axis: number
  readonly outer: number
  readonly inner: number
}

/** A tensor whose examples can't be separated, with the reason as part of a sentence. */
export interface Unseparated {
  readonly why: string
}

export type Placement = BatchLayout | Unseparated

export const isPlaced = (placement: Placement | undefined): placement is BatchLayout =>
  placement !== undefined && 'axis' in placement

/**
 * Appends what brings the examples of a tensor to the front: [B, …], with outer · inner in the place of the batch's
 * axis.
 *
 * @param shape the tensor's shape, with null for the batch's axis
 */
export function moveExamplesFirst(
  graph: GraphBuilder,
  tensor: string,
  shape: readonly (number | null)[],
  { axis, outer, inner }: BatchLayout,
): string {
  const lengths = (axes: readonly (number | null)[]): number[] => axes.map((length) => length ?? 1)
  const before = lengths(shape.slice(0, axis))
  const after = lengths(shape.slice(axis + 1))
  const sizeOf = (axes: readonly number[]): number =>
    axes.reduce((size, length) => size * length, 1)
  const moved = [-1, ...before, outer * inner, ...after]
  const outerSize = sizeOf(before) * outer
  if (outerSize === 1) return graph.add('Reshape', [tensor, graph.integers(...moved)])
  const parts = graph.integers(outerSize, -1, inner * sizeOf(after))
  const swapped = graph.add('Transpose', [graph.add('Reshape', [tensor, parts])], {
    perm: [1, 0, 2],
  })
  return graph.add('Reshape', [swapped, graph.integers(...moved)])
}
