import type { Tensor } from '@tensorflow/tfjs'

/**
 * Where a tensor has its batch: on one axis of length outer · B · inner, on which index i belongs
 * to example ⌊i / inner⌋ mod B. A batch of its own axis has outer = inner = 1; [B·T, d] has inner =
 * T, and [T·B, d] outer = T.
 */
export interface BatchLayout {
  readonly axis: number
  readonly outer: number
  readonly inner: number
}

/** The examples first: [B, …], with outer · inner left of the batch's axis. */
export function moveExamplesFirst(
  x: Tensor,
  { axis, outer, inner }: BatchLayout,
  batchSize: number,
): Tensor {
  const before = x.shape.slice(0, axis)
  const after = x.shape.slice(axis + 1)
  const shape = [batchSize, ...before, outer * inner, ...after]
  const outerSize = before.reduce((size, length) => size * length, outer)
  if (outerSize === 1) return x.reshape(shape)
  const innerSize = after.reduce((size, length) => size * length, inner)
  return x.reshape([outerSize, batchSize, innerSize]).transpose([1, 0, 2]).reshape(shape)
}
