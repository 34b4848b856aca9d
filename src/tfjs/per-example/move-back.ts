import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import type { TensorSegment } from './tensor-segment.js'

/** One input of an op that computes tensors from parameters and constants alone. */
interface MovedInput {
  readonly node: TapeNode
  readonly input: string
  /** A segment of the gradient at the op's output. */
  readonly segment: TensorSegment
}

type Mover = (moved: MovedInput) => TensorSegment | undefined

const keep: Mover = ({ segment }) => segment

/**
 * The movers by kernel. A mover returns a segment of the gradient at the input, in the same layout
 * or a smaller one; undefined for layouts and calls that it doesn't know.
 */
const movers: Readonly<Record<string, Mover | undefined>> = {
  Add: (moved) => (isWhole(moved) ? moved.segment : undefined),
  BatchMatMul: moveThroughProduct,
  Cast: keep,
  ExpandDims: keep,
  GatherV2: moveThroughLookup,
  Identity: keep,
  Multiply: moveThroughScale,
  Reshape: keep,
  Slice: moveThroughSlice,
  Sub: (moved) => {
    if (!isWhole(moved)) return undefined
    return moved.input === 'a' ? moved.segment : mapDelta(moved.segment, tf.neg)
  },
  Transpose: moveThroughTranspose,
}

/** The kernels whose calls must be on the tape for this module. */
export const movedKernels: readonly string[] = Object.keys(movers)

/** Moves a segment of the gradient at an op's output to one of the op's inputs. */
export function moveBack(moved: MovedInput): TensorSegment | undefined {
  return movers[moved.node.kernelName]?.(moved)
}

/** True if the op does not broadcast the input. */
const isWhole = ({ node, input }: MovedInput): boolean =>
  tf.util.arraysEqual(node.inputs[input]!.shape, node.outputs[0]!.shape)

/** The segment with a linear function applied, which its layout applies to one of its factors. */
function mapDelta(
  segment: TensorSegment,
  map: (tensor: Tensor) => Tensor,
): TensorSegment | undefined {
  if (segment.kind === 'dense') return { ...segment, values: map(segment.values) }
  return { ...segment, delta: map(segment.delta) }
}

type Factored = Extract<TensorSegment, { kind: 'factored' }>

/** True for the factors of a matrix of the output's shape. */
const isFactored = (segment: TensorSegment, { outputs }: TapeNode): segment is Factored =>
  segment.kind === 'factored' &&
  tf.util.arraysEqual(outputs[0]!.shape, [segment.inputSize, segment.outputSize])

const swapped = ({ a, delta, inputSize, outputSize, ...others }: Factored): Factored => ({
  ...others,
  ...{ a: delta, delta: a, inputSize: outputSize, outputSize: inputSize },
})

/** Z = X·Y: with G = aᵀδ at Z, the gradient at X is aᵀ(δYᵀ), and that at Y is (aX)ᵀδ. */
function moveThroughProduct({ node, input, segment }: MovedInput): TensorSegment | undefined {
  if (!isFactored(segment, node)) return undefined
  const { inputs, attributes } = node.call!
  const { transposeA, transposeB } = attributes as Record<string, boolean | undefined>
  const { a: left, b: right } = inputs as Record<string, Tensor>
  const times = (x: Tensor, matrix: Tensor, isTransposed: boolean): Tensor => {
    const [batch, positions, size] = x.shape as [number, number, number]
    return tf
      .matMul(x.reshape([batch * positions, size]), matrix, false, isTransposed)
      .reshape([batch, positions, -1])
  }
  if (input === 'a') {
    const delta = times(segment.delta, right!, transposeB !== true)
    const factors = { ...segment, delta, outputSize: delta.shape[2]! }
    return transposeA === true ? swapped(factors) : factors
  }
  const a = times(segment.a, left!, transposeA === true)
  const factors = { ...segment, a, inputSize: a.shape[2]! }
  return transposeB === true ? swapped(factors) : factors
}

/** A product with a single number. */
function moveThroughScale(moved: MovedInput): TensorSegment | undefined {
  const { node, input, segment } = moved
  const factor = node.call!.inputs[input === 'a' ? 'b' : 'a']!
  if (factor.size !== 1 || !isWhole(moved)) return undefined
  return mapDelta(segment, (tensor) => tf.mul(tensor, factor.reshape([])))
}

/** The rows of a table at constant indices. */
function moveThroughLookup({ node, input, segment }: MovedInput): TensorSegment | undefined {
  const { inputs, attributes } = node.call!
  const { x, indices } = inputs as Record<string, Tensor>
  const { axis, batchDims } = attributes as { axis: number; batchDims: number | undefined }
  if (segment.kind !== 'dense' || input !== 'x' || axis !== 0 || (batchDims ?? 0) !== 0) {
    return undefined
  }
  const [batch] = segment.values.shape as [number]
  const positions = indices!.size
  const [parameterRows] = x!.shape as [number]
  const rowSize = x!.size / parameterRows
  return {
    kind: 'lookup',
    parameter: segment.parameter,
    ...{ positions, rowSize, parameterRows },
    indices: tf.tile(indices!.reshape([1, positions]), [batch, 1]),
    delta: segment.values.reshape([batch, positions, rowSize]),
  }
}

function moveThroughTranspose({ node, segment }: MovedInput): TensorSegment | undefined {
  const perm = node.call!.attributes['perm'] as readonly number[]
  const { shape } = node.outputs[0]!
  if (isFactored(segment, node)) return perm[0] === 0 ? segment : swapped(segment)
  if (segment.kind !== 'dense') return undefined
  const back = shape.map((_, axis) => perm.indexOf(axis) + 1)
  const values = tf.transpose(segment.values.reshape([-1, ...shape]), [0, ...back])
  return { ...segment, values: values.reshape([-1, segment.size]) }
}

/** The elements that the slice left out get zeros. */
function moveThroughSlice({ node, segment }: MovedInput): TensorSegment | undefined {
  const begin = node.call!.attributes['begin'] as readonly number[]
  const full = node.inputs['x']!.shape
  const { shape } = node.outputs[0]!
  const paddings = begin.map(
    (start, axis) => [start, full[axis]! - start - shape[axis]!] as [number, number],
  )
  if (isFactored(segment, node)) {
    const [inputSize, outputSize] = full as [number, number]
    const pad = (x: Tensor, axis: number): Tensor => tf.pad(x, [[0, 0], [0, 0], paddings[axis]!])
    const [a, delta] = [pad(segment.a, 0), pad(segment.delta, 1)]
    return { ...segment, inputSize, outputSize, a, delta }
  }
  if (segment.kind !== 'dense') return undefined
  const values = tf.pad(segment.values.reshape([-1, ...shape]), [[0, 0], ...paddings])
  const size = tf.util.sizeFromShape([...full])
  return { ...segment, size, values: values.reshape([-1, size]) }
}
