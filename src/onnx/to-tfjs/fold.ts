import { readInt, readInts } from '../model/attributes.js'
import type { OnnxNode } from '../model/onnx-model.js'
import { readCastType, toTfType } from './element-types.js'
import { foldElements, roundToFloat } from './fold-elements.js'
import {
  broadcastStrides,
  elementAt,
  fixedNumbers,
  fromElements,
  indicesOf,
  type KnownValues,
  listElements,
  readKnown,
  stridesOf,
  takeElements,
} from './known-values.js'
import { add, fixedLength, type Length, multiply } from './length.js'
import type { TensorValue } from './tensor-value.js'
import type { TfType } from './tf-graph.js'

/**
 * Computes an operator of constants and of lengths, such as those that exporters write for the shape of a Reshape.
 *
 * @returns its first output; undefined if the operator isn't computed here, or its result isn't linear in the number of
 *   examples
 */
export function foldOperator(
  node: OnnxNode,
  inputs: readonly (TensorValue | undefined)[],
): TensorValue | undefined {
  const [first] = inputs
  if (node.op === 'Shape') return first && shapeOf(node, first.shape)
  if (node.op === 'Size') {
    const size = first?.shape.reduce<Length | undefined>(
      (a, b) => a && multiply(a, b),
      fixedLength(1),
    )
    return size && toValue('int32', fromElements([size], []))
  }
  const known = inputs.map((input) => input?.known)
  if (known.some((each, k) => each === undefined && inputs[k] !== undefined)) return undefined
  if (node.op === 'ConstantOfShape') return constantOfShape(node, known[0]!)
  if (node.op === 'Cast') return cast(node, first!, known[0]!)
  const type = node.op === 'Where' ? inputs[1]!.type : (first?.type ?? 'float32')
  const op = node.op === 'Mod' && readInt(node, 'fmod', 0) === 1 ? 'Fmod' : node.op
  const given = known.filter((each) => each !== undefined)
  const elements = foldElements(op, type, given)
  if (elements !== undefined) return toValue(elements.type, elements.known)
  const arranged = arrangements[node.op]?.(node, known)
  return arranged && toValue(type, arranged)
}

const toValue = (type: TfType, known: KnownValues): TensorValue => ({
  type,
  shape: known.shape.map(fixedLength),
  known,
})

function shapeOf(node: OnnxNode, shape: readonly Length[]): TensorValue {
  const end = node.attributes['end'] === undefined ? undefined : readInt(node, 'end', 0)
  const lengths = shape.slice(readInt(node, 'start', 0), end)
  return toValue('int32', fromElements(lengths, [lengths.length]))
}

function constantOfShape(node: OnnxNode, given: KnownValues): TensorValue | undefined {
  const shape = fixedNumbers(given)
  const value = node.attributes['value']
  const tensor = value?.kind === 'tensor' ? value.value : undefined
  if (shape === undefined) return undefined
  const size = shape.reduce((a, b) => a * b, 1)
  const number = tensor === undefined ? 0 : readKnown(tensor).fixed[0]!
  const type = tensor === undefined ? 'float32' : toTfType(tensor.type)
  return toValue(type, { shape, fixed: new Float64Array(size).fill(number) })
}

function cast(node: OnnxNode, { type }: TensorValue, known: KnownValues): TensorValue | undefined {
  const target = readCastType(node, type)
  if (target === type) return toValue(type, known)
  if (target === 'float32') return toValue(target, roundToFloat(known))
  if (known.perExample !== undefined && target === 'bool') return undefined
  const fixed = known.fixed.map((value) =>
    target === 'bool' ? (value === 0 ? 0 : 1) : Math.trunc(value),
  )
  const isWhole = known.perExample === undefined || known.perExample.every(Number.isInteger)
  return isWhole ? toValue(target, { ...known, fixed }) : undefined
}

/** @param inputs undefined for an optional one that is left out */
type Arrangement = (
  node: OnnxNode,
  inputs: readonly (KnownValues | undefined)[],
) => KnownValues | undefined

const axesOf = (axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => (axis < 0 ? axis + rank : axis))

const arrangements: Readonly<Record<string, Arrangement | undefined>> = {
  Identity: (_, [known]) => known,
  Reshape: (node, [known, target]) => {
    const lengths = fixedNumbers(target)
    if (lengths === undefined) return undefined
    const keepsLength = readInt(node, 'allowzero', 0) === 0
    const given = lengths.map((length, axis) =>
      length === 0 && keepsLength ? known!.shape[axis]! : length,
    )
    const rest = given.reduce((product, length) => (length < 0 ? product : product * length), 1)
    const shape = given.map((length) => (length < 0 ? known!.fixed.length / rest : length))
    return { ...known!, shape }
  },
  Squeeze: (_, [known, given]) => {
    const axes = fixedNumbers(given)
    const { shape } = known!
    const removed = axes === undefined ? undefined : axesOf(axes, shape.length)
    const kept = shape.filter((length, k) => !(removed?.includes(k) ?? length === 1))
    return { ...known!, shape: kept }
  },
  Unsqueeze: (_, [known, given]) => {
    const axes = fixedNumbers(given) ?? []
    const rank = known!.shape.length + axes.length
    const added = axesOf(axes, rank)
    const rest = [...known!.shape]
    const shape = Array.from({ length: rank }, (__, k) => (added.includes(k) ? 1 : rest.shift()!))
    return { ...known!, shape }
  },
  Transpose: (node, [known]) => {
    const { shape } = known!
    const perm = readInts(node, 'perm') ?? shape.map((_, k) => k).reverse()
    const strides = stridesOf(shape)
    const moved = perm.map((axis) => shape[axis]!)
    return takeElements(
      known!,
      indicesOf(
        moved,
        perm.map((axis) => strides[axis]!),
      ),
      moved,
    )
  },
  Expand: (_, [known, target]) => {
    const lengths = fixedNumbers(target)
    if (lengths === undefined) return undefined
    const { shape } = known!
    const rank = Math.max(shape.length, lengths.length)
    const full = Array.from({ length: rank }, (__, k) =>
      Math.max(shape[k - rank + shape.length] ?? 1, lengths[k - rank + lengths.length] ?? 1),
    )
    return takeElements(known!, indicesOf(full, broadcastStrides(shape, full)), full)
  },
  Gather: (node, [known, given]) => {
    const indices = fixedNumbers(given)
    if (indices === undefined) return undefined
    const [axis] = axesOf([readInt(node, 'axis', 0)], known!.shape.length) as [number]
    const length = known!.shape[axis]!
    const own = indices.map((index) => (index < 0 ? index + length : index))
    return takeAlong(known!, axis, own, given!.shape)
  },
  Concat: (node, given) => {
    const inputs = given as readonly KnownValues[]
    const [axis] = axesOf([readInt(node, 'axis', 0)], inputs[0]!.shape.length) as [number]
    const outer = inputs[0]!.shape.slice(0, axis).reduce((a, b) => a * b, 1)
    const elements: Length[] = []
    for (let block = 0; block < outer; block++) {
      for (const input of inputs) {
        const size = input.fixed.length / outer
        for (let k = 0; k < size; k++) elements.push(elementAt(input, block * size + k))
      }
    }
    const length = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0)
    return fromElements(
      elements,
      inputs[0]!.shape.map((own, k) => (k === axis ? length : own)),
    )
  },
  Slice: (_, [known, ...given]) => {
    const [starts, ends, axes, steps] = given.map(fixedNumbers)
    if (starts === undefined || ends === undefined) return undefined
    let result = known!
    for (const [k, start] of starts.entries()) {
      const [axis] = axesOf([axes?.[k] ?? k], known!.shape.length) as [number]
      const indices = sliceIndices(result.shape[axis]!, start, ends[k]!, steps?.[k] ?? 1)
      result = takeAlong(result, axis, indices, [indices.length])
    }
    return result
  },
  Range: (_, [start, limit, delta]) => {
    const [from, to, step] = [start, limit, delta].map((each) => fixedNumbers(each)?.[0])
    if (from === undefined || to === undefined || step === undefined) return undefined
    const count = Math.max(0, Math.ceil((to - from) / step))
    const fixed = Float64Array.from({ length: count }, (__, k) => from + k * step)
    return { shape: [count], fixed }
  },
  Trilu: (node, [known, given]) => {
    const [k = 0] = fixedNumbers(given) ?? []
    const isUpper = readInt(node, 'upper', 1) === 1
    const [rows = 1, columns = 1] = known!.shape.slice(-2)
    const fixed = known!.fixed.map((value, at) => {
      const difference = (at % columns) - (Math.floor(at / columns) % rows)
      return (isUpper ? difference >= k : difference <= k) ? value : 0
    })
    return known!.perExample === undefined ? { ...known!, fixed } : undefined
  },
  ReduceProd: (node, inputs) => reduceVector(node, inputs, multiply),
  ReduceSum: (node, inputs) => reduceVector(node, inputs, add),
}

/** Reduces a vector to a number; other reductions aren't written for lengths. */
function reduceVector(
  node: OnnxNode,
  [known, axes]: readonly (KnownValues | undefined)[],
  combine: (a: Length, b: Length) => Length | undefined,
): KnownValues | undefined {
  const [first, ...others] = listElements(known!)
  if (known!.shape.length !== 1 || first === undefined) return undefined
  const hasAxes = axes !== undefined && axes.fixed.length > 0
  if (!hasAxes && readInt(node, 'noop_with_empty_axes', 0) === 1) return known
  const total = others.reduce<Length | undefined>((sum, each) => sum && combine(sum, each), first)
  return total && fromElements([total], readInt(node, 'keepdims', 1) === 1 ? [1] : [])
}

function takeAlong(
  known: KnownValues,
  axis: number,
  indices: readonly number[],
  indexShape: readonly number[],
): KnownValues {
  const { shape } = known
  const strides = stridesOf(shape)
  const flat = shape.map((length, k) => (k === axis ? indices.length : length))
  const own = stridesOf(flat)
  const size = flat.reduce((a, b) => a * b, 1)
  const places = Int32Array.from({ length: size }, (_, at) =>
    flat.reduce((index, length, k) => {
      const coordinate = Math.floor(at / own[k]!) % length
      return index + (k === axis ? indices[coordinate]! : coordinate) * strides[k]!
    }, 0),
  )
  return takeElements(known, places, [
    ...shape.slice(0, axis),
    ...indexShape,
    ...shape.slice(axis + 1),
  ])
}

/** Returns the indices of a slice along an axis of this length. */
export function sliceIndices(length: number, start: number, end: number, step: number): number[] {
  const from = start < 0 ? start + length : start
  const to = end < 0 ? end + length : end
  const clamp = (value: number, low: number, high: number): number =>
    Math.max(low, Math.min(high, value))
  const [first, last] =
    step > 0
      ? [clamp(from, 0, length), clamp(to, 0, length)]
      : [clamp(from, 0, length - 1), clamp(to, -1, length - 1)]
  const count = Math.max(0, Math.ceil((last - first) / step))
  return Array.from({ length: count }, (_, k) => first + k * step)
}
