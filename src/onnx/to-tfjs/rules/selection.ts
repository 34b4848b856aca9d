import { readInt } from '../../model/attributes.js'
import { sliceIndices } from '../fold.js'
import { fixedLength, isFixed, type Length } from '../length.js'
import { normalizeAxis, type Operator, readNumbersOf, requireInput, type Rules } from '../rule.js'
import { chooseLayout, createValue, Refusal, requireFixed } from '../tensor-graph.js'
import { axisIn, type TensorValue } from '../tensor-value.js'
import { applyFormula } from './elementwise.js'

export const selectionRules: Rules = {
  Slice(operator) {
    const value = requireInput(operator, 0)
    const rank = value.shape.length
    const [starts = [], ends = [], axes, steps] = [1, 2, 3, 4].map((at) => readRange(operator, at))
    let result = value
    for (const [k, start] of starts.entries()) {
      const axis = normalizeAxis(axes?.[k] ?? k, rank)
      const [end, step] = [ends[k]!, steps?.[k] ?? 1]
      if (!isFixed(value.shape[axis]!) && start === 0 && step === 1 && end >= largest) continue
      const length = requireFixed(value.shape, axis)
      result = take(operator, result, axis, sliceIndices(length, start, end, step))
    }
    return result
  },
  Split(operator) {
    const { node } = operator
    const value = requireInput(operator, 0)
    const axis = normalizeAxis(readInt(node, 'axis', 0), value.shape.length)
    const length = requireFixed(value.shape, axis)
    const count = readInt(node, 'num_outputs', node.outputs.length)
    const share = Math.ceil(length / count)
    const sizes =
      readNumbersOf(operator, 1) ??
      node.outputs.map((_, k) => Math.max(0, Math.min(share, length - k * share)))
    let start = 0
    return sizes.map((size) => {
      const indices = Array.from({ length: size }, (_, k) => start + k)
      start += size
      return take(operator, value, axis, indices)
    })
  },
  Gather(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const indices = requireInput(operator, 1)
    const rank = value.shape.length
    const axis = normalizeAxis(readInt(node, 'axis', 0), rank)
    const length = requireFixed(value.shape, axis)
    const shape = [...value.shape.slice(0, axis), ...indices.shape, ...value.shape.slice(axis + 1)]
    if (indices.known !== undefined && indices.known.perExample === undefined) {
      const own = [...indices.known.fixed].map((index) => (index < 0 ? index + length : index))
      if (own.some((index) => index < 0 || index >= length)) {
        throw new Refusal(`its indices are beyond the ${length} elements of axis ${axis}`)
      }
      const taken = take(operator, value, axis, own)
      if (indices.shape.length === 1) return taken
      return createValue(value.type, shape, 'first', graph.reshape(graph.first(taken), shape))
    }
    const found = graph.gather(graph.first(value), graph.first(indices), axis)
    return createValue(value.type, shape, 'first', found)
  },
  /** Keeps a triangle of matrices. */
  Trilu(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const rank = value.shape.length
    const [k = 0] = readNumbersOf(operator, 1) ?? []
    const isUpper = readInt(node, 'upper', 1) === 1
    const [rows, columns] = [
      requireFixed(value.shape, rank - 2),
      requireFixed(value.shape, rank - 1),
    ]
    if (value.type !== 'float32') throw new Refusal(`Trilu of ${value.type} isn't supported`)
    const data = Uint8Array.from({ length: rows * columns }, (_, at) => {
      const difference = (at % columns) - Math.floor(at / columns)
      return (isUpper ? difference >= k : difference <= k) ? 1 : 0
    })
    const mask: TensorValue = {
      type: 'bool',
      shape: [rows, columns].map(fixedLength),
      first: graph.constant({ data, shape: [rows, columns] }, 'bool'),
    }
    const zero: TensorValue = { type: 'float32', shape: [], first: graph.number(0) }
    return applyFormula(graph, 'float32', [mask, value, zero], (own, ...nodes) =>
      own.add('SelectV2', nodes),
    )
  },
}

/** Slices to the end have such a number as their end. */
const largest = 2 ** 31 - 1

const readRange = (operator: Operator, at: number): number[] | undefined =>
  readNumbersOf(operator, at)

/** Takes elements along an axis, in this order. */
export function take(
  { graph }: Operator,
  value: TensorValue,
  axis: number,
  indices: readonly number[],
): TensorValue {
  const rank = value.shape.length
  const count = indices.length
  const isWhole =
    count === requireFixed(value.shape, axis) && indices.every((index, k) => index === k)
  if (isWhole) return value
  const layout = chooseLayout([value], rank)
  const place = axisIn(layout, axis, rank)
  const shape = value.shape.map((length, k): Length => (k === axis ? fixedLength(count) : length))
  const node = graph.in(layout, value)
  const isRange = indices.every((index, k) => index === indices[0]! + k)
  const taken =
    isRange && count > 0
      ? graph.sliceAxis(node, rank, place, indices[0]!, count)
      : graph.gather(node, graph.integers(indices), place)
  return createValue(value.type, shape, layout, taken)
}
