import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import { inputsOf } from '../engine/tape.js'
import type { BatchLayout } from './batch-layout.js'
import { findOutlineDifference, outlineTape, type TapeOutline } from './tape-outline.js'

/** A tensor that depends on the batch, but not in a way that separates its examples. */
export interface Unsettled {
  /** The first op from whose output on the examples are not apart, and why, as part of a sentence. */
  readonly cause: { readonly kernelName: string; readonly why: string }
  /** Set if all that is missing is the order of the examples on the batch's axis. */
  readonly order?: { readonly number: number; readonly axis: number; readonly length: number }
}

export type Placement = BatchLayout | Unsettled

/**
 * How each tensor of a tape depends on the batch, by its id. Tensors that do not depend on it are
 * left out.
 */
export type BatchPlacements = ReadonlyMap<number, Placement>

/** The kernels whose calls must be on the tape for this module. */
export const placedKernels: readonly string[] = ['Transpose', 'BatchMatMul']

export const isSettled = (placement: Placement | undefined): placement is BatchLayout =>
  placement !== undefined && 'axis' in placement

const isUnsettled = (placement: Placement | undefined): placement is Unsettled =>
  placement !== undefined && 'cause' in placement

/**
 * Finds the batch in the tensors of a tape. A tensor has it on the axis whose length follows the
 * number of examples, as the outline of another number shows; constants and weights of any length
 * keep theirs.
 *
 * @param orders where shapes leave the order on an axis open: its `inner`, by the tensor's number
 *   in the outline
 * @returns a description of the first difference if the model does not compute the same ops for
 *   both numbers
 */
export function findBatchPlacements(
  tape: readonly TapeNode[],
  exampleCount: number,
  other: TapeOutline,
  orders: ReadonlyMap<number, number>,
): BatchPlacements | { readonly difference: string } {
  const outline = outlineTape(tape, exampleCount)
  const difference = findOutlineDifference(outline, other)
  if (difference !== undefined) return { difference }
  const placements = new Map<number, Placement>()
  const made = new Set<number>()
  const counts = { exampleCount, otherCount: other.exampleCount }
  for (const [at, node] of tape.entries()) {
    const inputs = inputsOf(node).map(([, input]) => input)
    const { inputs: ownInputs, outputs: ownOutputs } = outline.nodes[at]!
    const counterpart = other.nodes[at]!
    const { kernelName } = node
    const earlier = inputs.map(({ id }) => placements.get(id)).find(isUnsettled)
    const unsettled = (why: string, order?: Unsettled['order']): Unsettled => ({
      cause: earlier?.cause ?? { kernelName, why },
      ...(order === undefined ? {} : { order }),
    })
    const place = (
      { id, shape }: Tensor,
      number: number,
      otherShape: readonly number[],
      hasBatch: boolean,
      inherited: (axis: number) => number | undefined,
    ): void => {
      const axis = findBatchAxis(shape, otherShape, counts)
      if (axis === undefined) {
        if (hasBatch) placements.set(id, unsettled(`${showShape(shape)} has no batch axis`))
        return
      }
      if (typeof axis !== 'number') {
        placements.set(id, unsettled(axis.why))
        return
      }
      const length = shape[axis]! / exampleCount
      const inner = orders.get(number) ?? inherited(axis) ?? (length === 1 ? 1 : undefined)
      placements.set(
        id,
        inner === undefined || length % inner !== 0
          ? unsettled(
              `the order of the examples on axis ${axis} of ${showShape(shape)} could not be found out`,
              { number, axis, length },
            )
          : { axis, outer: length / inner, inner },
      )
    }
    for (const [k, input] of inputs.entries()) {
      if (placements.has(input.id)) continue
      // A tensor that no op has made: an input, a weight, or a constant made for this batch.
      const { number } = ownInputs[k]!
      if (made.has(number)) continue
      place(input, number, counterpart.inputs[k]!.shape, false, () => undefined)
    }
    const hasBatch = inputs.some(({ id }) => placements.has(id))
    for (const [k, output] of node.outputs.entries()) {
      made.add(ownOutputs[k]!.number)
      place(output, ownOutputs[k]!.number, counterpart.outputs[k]!.shape, hasBatch, (axis) =>
        inheritOrder(node, output, axis, placements),
      )
    }
  }
  return placements
}

interface Counts {
  readonly exampleCount: number
  readonly otherCount: number
}

/**
 * The axis whose length is a multiple of the number of examples; undefined if no length follows
 * that number.
 */
function findBatchAxis(
  shape: readonly number[],
  otherShape: readonly number[],
  { exampleCount, otherCount }: Counts,
): number | { readonly why: string } | undefined {
  const axes = [...shape.keys()].filter((axis) => shape[axis] !== otherShape[axis])
  const [axis] = axes
  if (axis === undefined) return undefined
  if (axes.length > 1)
    return { why: `${showShape(shape)} has the batch on axes ${axes.join(' and ')}` }
  const perExample = shape[axis]! / exampleCount
  if (Number.isInteger(perExample) && perExample * otherCount === otherShape[axis]) return axis
  return {
    why: `${showShape(shape)} has length ${shape[axis]} on axis ${axis}, which is not a multiple of the batch size`,
  }
}

const showShape = (shape: readonly number[]): string => `its output [${shape.join(', ')}]`

/** `inner` of an output's batch axis where the kernel keeps an input's order there. */
function inheritOrder(
  node: TapeNode,
  output: Tensor,
  axis: number,
  placements: BatchPlacements,
): number | undefined {
  const { kernelName, inputs, call } = node
  const innerAt = (input: Tensor | undefined, at: number): number | undefined => {
    const placement = input && placements.get(input.id)
    const isKept =
      isSettled(placement) && placement.axis === at && input?.shape[at] === output.shape[axis]
    return isKept ? placement.inner : undefined
  }
  const fromRight = output.rank - axis
  const innerFromRight = (input: Tensor | undefined, at = fromRight): number | undefined =>
    innerAt(input, (input?.rank ?? 0) - at)
  if (orderPreserving.has(kernelName)) return reshapeOrder(inputs['x'], output, axis, placements)
  if (imageKernels.has(kernelName))
    return axis === 0 ? innerAt(inputs['x'] ?? inputs['dy'], 0) : undefined
  switch (kernelName) {
    case 'Transpose':
      return innerAt(inputs['x'], (call!.attributes['perm'] as readonly number[])[axis]!)
    case 'BatchMatMul': {
      const { transposeA, transposeB } = call!.attributes
      if (fromRight === 1) return innerFromRight(inputs['b'], transposeB === true ? 2 : 1)
      if (fromRight === 2) return innerFromRight(inputs['a'], transposeA === true ? 1 : 2)
      return innerFromRight(inputs['a']) ?? innerFromRight(inputs['b'])
    }
  }
  if (!pointwise.has(kernelName)) return undefined
  for (const [, input] of inputsOf(node)) {
    const inner = innerFromRight(input)
    if (inner !== undefined) return inner
  }
  return undefined
}

/** The elements keep their order, so an example keeps its stride. */
function reshapeOrder(
  input: Tensor | undefined,
  output: Tensor,
  axis: number,
  placements: BatchPlacements,
): number | undefined {
  const placement = input && placements.get(input.id)
  if (input === undefined || !isSettled(placement)) return undefined
  const after = (shape: readonly number[], at: number): number =>
    shape.slice(at + 1).reduce((size, length) => size * length, 1)
  const inner = (placement.inner * after(input.shape, placement.axis)) / after(output.shape, axis)
  return Number.isInteger(inner) ? inner : undefined
}

const orderPreserving: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'Cast', 'ExpandDims'])

/** Kernels of one image per index of the first axis. */
const imageKernels: ReadonlySet<string> = new Set([
  'AvgPool',
  'AvgPool3D',
  'Conv2D',
  'Conv2DBackpropInput',
  'Conv3D',
  'Conv3DBackpropInputV2',
  'DepthwiseConv2dNative',
  'MaxPool',
  'MaxPool3D',
])

/**
 * Kernels of which each output element depends on the inputs at its own index, or, for the last
 * ones, at its own row.
 */
const pointwise: ReadonlySet<string> = new Set([
  'Abs',
  'Add',
  'ClipByValue',
  'Elu',
  'Erf',
  'Exp',
  'LeakyRelu',
  'Log',
  'Maximum',
  'Minimum',
  'Multiply',
  'Neg',
  'Pow',
  'Prelu',
  'RealDiv',
  'Relu',
  'Relu6',
  'Rsqrt',
  'Select',
  'Selu',
  'Sigmoid',
  'Softplus',
  'Sqrt',
  'Square',
  'SquaredDifference',
  'Sub',
  'Tanh',
  'FusedBatchNorm',
  'Softmax',
])
