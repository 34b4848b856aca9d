import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import { moveExamplesFirst } from './batch-layout.js'
import type { ParameterUse } from './parameter-use.js'
import type { TensorSegment } from './tensor-segment.js'

/** The kernels whose calls must be on the tape for this module. */
export const oneHotKernels: readonly string[] = ['OneHot']

/** The indices of tensors that are one-hot along their last axis, by the tensors' ids. */
export type OneHots = ReadonlyMap<number, Tensor>

export function findOneHots(tape: readonly TapeNode[]): OneHots {
  const found = new Map<number, Tensor>()
  for (const { kernelName, call, inputs, outputs } of tape) {
    const [output] = outputs
    if (output === undefined) continue
    if (kernelName === 'OneHot') {
      const { onValue, offValue } = call!.attributes
      if (onValue === 1 && offValue === 0) found.set(output.id, call!.inputs['indices']!)
      continue
    }
    const { x } = inputs
    const indices = x && found.get(x.id)
    const isKept = orderPreserving.has(kernelName) && x?.shape.at(-1) === output.shape.at(-1)
    if (indices !== undefined && isKept) found.set(output.id, indices)
  }
  return found
}

const orderPreserving: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'Cast', 'ExpandDims'])

/**
 * A table times one-hot rows looks up rows of the table: row index_t of G is Σ δ_t. An index
 * outside of the table is a row of zeros, which looks up nothing.
 *
 * @param indices of the one-hot rows, in their order
 * @returns undefined if the table is not the right operand as it is
 */
export function lookUpOneHots(
  { parameter, parameterInput, call, delta, layout, batchSize }: ParameterUse,
  indices: Tensor,
): TensorSegment | undefined {
  const { a, b } = call.inputs
  const { transposeA, transposeB } = call.attributes
  if (parameterInput !== 'b' || transposeA === true || transposeB === true) return undefined
  if (a === undefined || b?.rank !== 2 || layout.axis === delta.rank - 1) return undefined
  const rowShape = delta.shape.slice(0, -1)
  if (!tf.util.arraysEqual(a.shape.slice(0, -1), rowShape)) return undefined
  const [parameterRows, rowSize] = b.shape as [number, number]
  const positions = indices.size / batchSize
  const rows = moveExamplesFirst(indices.reshape(rowShape), layout, batchSize)
  const isInside = rows.greaterEqual(0).logicalAnd(rows.less(parameterRows)).toInt()
  const factors = isInside.toFloat().reshape([batchSize, positions, 1])
  const deltas = moveExamplesFirst(delta, layout, batchSize)
  return {
    kind: 'lookup',
    parameter,
    ...{ positions, rowSize, parameterRows },
    indices: rows.mul(isInside).reshape([batchSize, positions]),
    delta: deltas.reshape([batchSize, positions, rowSize]).mul(factors),
  }
}
