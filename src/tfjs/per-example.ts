import * as tf from '@tensorflow/tfjs'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs'
import type { ConvolutionGeometry } from '../gradients/block.js'
import type { TapeNode } from './engine.js'
import type { KernelCall } from './kernel.js'
import { backpropagate, dependents, inputsOf } from './tape.js'

/** A segment whose numbers are still tensors on the device; see GradientSegment for the shapes. */
export type TensorSegment =
  | {
      readonly kind: 'dense'
      readonly parameter: string
      readonly size: number
      readonly values: Tensor
    }
  | {
      readonly kind: 'factored'
      readonly parameter: string
      readonly positions: number
      readonly inputSize: number
      readonly outputSize: number
      readonly a: Tensor
      readonly delta: Tensor
    }
  | {
      readonly kind: 'convolution'
      readonly parameter: string
      readonly geometry: ConvolutionGeometry
      readonly a: Tensor
      readonly delta: Tensor
    }

/** One use of a parameter: which input it came in by, and what the kernel call was. */
interface ParameterUse {
  readonly parameter: string
  readonly parameterInput: string
  readonly call: KernelCall
  /** δ, the gradient at the call's output. */
  readonly delta: Tensor
  readonly batchSize: number
}

/** The segment of one use; undefined where the rule does not hold. */
type PerExampleRule = (use: ParameterUse) => TensorSegment | undefined

/**
 * The rules, by the kernel that uses a parameter. They take rows to be batch-major, [B · T, …]; the session
 * proves that on the first batch of each model.
 */
const rules: Readonly<Record<string, PerExampleRule | undefined>> = {
  BatchMatMul: matMul,
  Conv2D: convolution,
  Add: bias,
}

/** The kernels whose calls must be on the tape for this module. */
export const ruledKernels: readonly string[] = [...Object.keys(rules), 'Transpose']

/** True if a parameter's elements keep their order through this node, on the way to their use. */
function keepsOrder({ kernelName, call }: TapeNode): boolean {
  if (kernelName !== 'Transpose') return orderPreserving.has(kernelName)
  const permutation = call?.attributes['perm'] as readonly number[] | undefined
  return permutation?.every((axis, position) => axis === position) ?? false
}

const orderPreserving: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'Cast', 'ExpandDims'])

/**
 * The gradients of each example by itself, from one backward pass: per use of a parameter a and δ.
 *
 * @param parameters the trainable parameters' names by their tensors' ids
 * @param seeds where the backward pass starts
 * @returns the segments; or, if some use has no rule, the kernel that stood there
 */
export function perExampleSegments(
  tape: readonly TapeNode[],
  parameters: ReadonlyMap<number, string>,
  dataIds: readonly number[],
  seeds: ReadonlyMap<number, Tensor>,
  batchSize: number,
): TensorSegment[] | { readonly without: string } {
  const parameterOf = new Map(parameters)
  for (const node of tape) {
    const source = node.inputs['x']
    const parameter = source === undefined ? undefined : parameterOf.get(source.id)
    if (parameter === undefined || !keepsOrder(node)) continue
    for (const output of node.outputs) parameterOf.set(output.id, parameter)
  }
  const perBatch = dataDependents(tape, dataIds)
  const wanted = dependents(tape, parameters.keys())
  for (const id of parameterOf.keys()) wanted.delete(id)

  const segments: TensorSegment[] = []
  const used = new Set<string>()
  let without: string | undefined
  const visit = (node: TapeNode, delta: Tensor): void => {
    for (const [parameterInput, input] of inputsOf(node)) {
      const parameter = parameterOf.get(input.id)
      if (parameter === undefined || without !== undefined) continue
      const carriesBatch = node.outputs.every((output) => perBatch.has(output.id))
      const rule = carriesBatch && !used.has(parameter) ? rules[node.kernelName] : undefined
      const segment =
        node.call && rule?.({ parameter, parameterInput, call: node.call, delta, batchSize })
      if (segment === undefined) without = node.kernelName
      else segments.push(segment)
      used.add(parameter)
    }
  }
  backpropagate(tape, { seeds, wanted, visit })
  return without === undefined ? segments : { without }
}

/** What depends on the examples in any way: its first axis, or the first of its merged axes, is the batch. */
function dataDependents(tape: readonly TapeNode[], dataIds: readonly number[]): Set<number> {
  const reached = new Set(dataIds)
  for (const node of tape) {
    if (!inputsOf(node).some(([, input]) => reached.has(input.id))) continue
    for (const output of node.outputs) reached.add(output.id)
  }
  return reached
}

/** [B·T, d] · [d, p]: G = Σ_t a_t δ_tᵀ. With the weights transposed the roles are swapped. */
function matMul({
  parameter,
  parameterInput,
  call,
  delta,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const { a, b } = call.inputs
  if (parameterInput !== 'b' || a === undefined || b === undefined) return undefined
  if (call.attributes['transposeA'] === true || tf.util.sizeFromShape(b.shape.slice(0, -2)) !== 1) {
    return undefined
  }
  const inputSize = a.shape.at(-1) ?? 1
  const outputSize = delta.shape.at(-1) ?? 1
  const positions = a.size / inputSize / batchSize
  if (!Number.isInteger(positions)) return undefined
  const inputs = a.reshape([batchSize, positions, inputSize])
  const outputs = delta.reshape([batchSize, positions, outputSize])
  return call.attributes['transposeB'] === true
    ? {
        kind: 'factored',
        parameter,
        positions,
        inputSize: outputSize,
        outputSize: inputSize,
        a: outputs,
        delta: inputs,
      }
    : { kind: 'factored', parameter, positions, inputSize, outputSize, a: inputs, delta: outputs }
}

function convolution({
  parameter,
  parameterInput,
  call,
  delta,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const { x, filter } = call.inputs
  if (parameterInput !== 'filter' || x?.shape[0] !== batchSize || filter === undefined)
    return undefined
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = call.attributes
  if (dataFormat === 'NCHW') return undefined
  const info = tf.backend_util.computeConv2DInfo(
    (x as Tensor4D).shape,
    (filter as Tensor4D).shape,
    strides as [number, number],
    (dilations ?? 1) as [number, number],
    pad as 'same' | 'valid',
    dimRoundingMode as 'floor' | undefined,
  )
  if (info.inChannels !== filter.shape[2]) return undefined
  const geometry: ConvolutionGeometry = {
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  }
  return { kind: 'convolution', parameter, geometry, a: x.clone(), delta: delta.clone() }
}

/** … + b, b on the last axes: its gradient is δ, summed over all axes but the batch and its own. */
function bias({
  parameter,
  parameterInput,
  call,
  delta,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const b = call.inputs[parameterInput]
  if (b === undefined) return undefined
  const ownShape = withoutLeadingOnes(b.shape)
  const trailing = delta.shape.slice(delta.rank - ownShape.length)
  const positions = delta.size / b.size / batchSize
  if (!tf.util.arraysEqual(ownShape, trailing) || !Number.isInteger(positions)) return undefined
  const values = delta.reshape([batchSize, positions, b.size]).sum(1)
  return { kind: 'dense', parameter, size: b.size, values }
}

function withoutLeadingOnes(shape: readonly number[]): number[] {
  const first = shape.findIndex((length) => length !== 1)
  return first < 0 ? [] : shape.slice(first)
}
