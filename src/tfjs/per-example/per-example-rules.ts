import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { ConvolutionGeometry } from '../../gradients/block.js'
import type { KernelCall } from '../kernel.js'
import type { ParameterUse } from './parameter-use.js'
import { filterGradients } from '../kernels/convolution.js'
import { einsum, matMul } from './per-example-products.js'
import { metByTap } from '../repairs/axes.js'
import { gradientRepairs } from '../repairs/gradients.js'
import { windowAxes, type WindowAxis } from '../repairs/window.js'
import type { TensorSegment } from './tensor-segment.js'

/** The gradient of each example through one use; undefined where the rule does not hold. */
type PerExampleRule = (use: ParameterUse) => TensorSegment | undefined

/**
 * The rules, by the kernel that uses the parameter. They take rows to be batch-major, [B · T, …]; the
 * session proves that on the first batch of each model.
 */
export const perExampleRules: Readonly<Record<string, PerExampleRule | undefined>> = {
  BatchMatMul: matMul,
  Conv2D: convolution,
  Conv2DBackpropInput: transposedConvolution,
  DepthwiseConv2dNative: depthwiseConvolution,
  Conv3D: convolution3D,
  Conv3DBackpropInputV2: transposedConvolution3D,
  Einsum: einsum,
  GatherV2: embedding,
  Add: ({ delta, ...use }) => reduced(use, delta),
  Tile: ({ delta, ...use }) => reduced(use, delta),
  Sub: elementwise,
  Multiply: elementwise,
  RealDiv: elementwise,
  Maximum: elementwise,
  Minimum: elementwise,
  SquaredDifference: elementwise,
  Pow: elementwise,
  Prelu: elementwise,
  FusedBatchNorm: elementwise,
}

function convolution(use: ParameterUse): TensorSegment | undefined {
  const [x, filter] = filtered(use, 'x') ?? []
  if (x === undefined || filter === undefined) return undefined
  const geometry = geometryOf(x.shape, filter.shape, use.call)
  const { parameter, delta } = use
  return geometry && convolutionSegment(parameter, geometry, x, delta)
}

/** A transposed convolution is the gradient of a convolution: its output is that one's image, its input that one's δ. */
function transposedConvolution(use: ParameterUse): TensorSegment | undefined {
  const [dy, filter] = filtered(use, 'dy') ?? []
  if (dy === undefined || filter === undefined) return undefined
  const geometry = geometryOf(use.delta.shape, filter.shape, use.call)
  const { parameter, delta } = use
  return geometry && convolutionSegment(parameter, geometry, delta, dy)
}

/** Where the gradients themselves are smaller, and kernels of ours reach the tensors, what comes back is them alone. */
function convolutionSegment(
  parameter: string,
  geometry: ConvolutionGeometry,
  a: Tensor,
  delta: Tensor,
): TensorSegment {
  const { filterHeight, filterWidth, inChannels, outHeight, outWidth, outChannels } = geometry
  const patchSize = filterHeight * filterWidth * inChannels
  const size = patchSize * outChannels
  const isSmaller = size <= outHeight * outWidth * (patchSize + outChannels)
  const values = isSmaller ? filterGradients(a, delta, geometry) : undefined
  if (values !== undefined) return { kind: 'dense', parameter, size, values }
  return { kind: 'convolution', parameter, geometry, a: a.clone(), delta: delta.clone() }
}

/** What a filter is laid on, if the parameter is the filter and the first axis the batch; and the filter. */
function filtered(
  { parameterInput, call, batchSize }: ParameterUse,
  input: string,
): [Tensor, Tensor] | undefined {
  const { [input]: x, filter } = call.inputs
  const applies = parameterInput === 'filter' && x?.shape[0] === batchSize
  return applies && filter !== undefined ? [x, filter] : undefined
}

function geometryOf(
  imageShape: readonly number[],
  filterShape: readonly number[],
  { attributes }: KernelCall,
): ConvolutionGeometry | undefined {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = attributes
  if (dataFormat === 'NCHW') return undefined
  const info = tf.backend_util.computeConv2DInfo(
    imageShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides as [number, number],
    (dilations ?? 1) as [number, number],
    pad as 'same' | 'valid',
    dimRoundingMode as 'floor' | undefined,
  )
  // Grouped convolutions have filters of fewer channels than their image.
  if (info.inChannels !== filterShape[2]) return undefined
  return {
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
}

/** Σ_t patch[t, k, c] δ[t, c, m], tap k by tap. */
function depthwiseConvolution(use: ParameterUse): TensorSegment | undefined {
  const [x, filter] = filtered(use, 'x') ?? []
  if (x === undefined || filter === undefined) return undefined
  const { parameter, kernelName, call, delta, batchSize } = use
  const channels = x.shape.at(-1)!
  const perChannel = delta.reshape([batchSize, -1, channels, delta.shape.at(-1)! / channels])
  const positions = perChannel.shape[1]!
  const taps = metByTaps(
    x,
    windowAxes(kernelName, x.shape, delta.shape, filter.shape.slice(0, 2), call.attributes),
  ).map((met) => met.reshape([batchSize, positions, channels, 1]).mul(perChannel).sum(1))
  const values = tf.stack(taps, 1).reshape([batchSize, filter.size])
  return { kind: 'dense', parameter, size: filter.size, values }
}

/** Σ_t patch[t, k, c] δ[t, p], tap k by tap. */
function convolution3D(use: ParameterUse): TensorSegment | undefined {
  const [x, filter] = filtered(use, 'x') ?? []
  if (x === undefined || filter === undefined) return undefined
  return convolution3DGradient(use, x, use.delta, filter)
}

/** As in two dimensions, the output is the image and the input the δ. */
function transposedConvolution3D(use: ParameterUse): TensorSegment | undefined {
  const [dy, filter] = filtered(use, 'dy') ?? []
  if (dy === undefined || filter === undefined) return undefined
  return convolution3DGradient(use, use.delta, dy, filter)
}

function convolution3DGradient(
  { parameter, kernelName, call, batchSize }: ParameterUse,
  image: Tensor,
  delta: Tensor,
  filter: Tensor,
): TensorSegment {
  const outputs = delta.reshape([batchSize, -1, delta.shape.at(-1)!])
  const positions = outputs.shape[1]!
  const taps = metByTaps(
    image,
    windowAxes(kernelName, image.shape, delta.shape, filter.shape.slice(0, 3), call.attributes),
  ).map((met) => tf.matMul(met.reshape([batchSize, positions, image.shape.at(-1)!]), outputs, true))
  const values = tf.stack(taps, 1).reshape([batchSize, filter.size])
  return { kind: 'dense', parameter, size: filter.size, values }
}

/** What each tap of a window meets at every output position, in the order of the filter's taps. */
function metByTaps(x: Tensor, axes: readonly WindowAxis[]): Tensor[] {
  let parts = [x]
  for (const [k, axis] of axes.entries()) {
    parts = parts.flatMap((part) =>
      Array.from({ length: axis.taps }, (_, tap) => metByTap(part, k + 1, axis, tap)),
    )
  }
  return parts
}

/** Rows looked up by index: row index_t of G is Σ δ_t. */
function embedding({
  parameter,
  parameterInput,
  call,
  delta,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const { x, indices } = call.inputs
  const { axis, batchDims } = call.attributes
  if (parameterInput !== 'x' || x === undefined || indices === undefined) return undefined
  if (axis !== 0 || (batchDims !== undefined && batchDims !== 0)) return undefined
  const positions = indices.size / batchSize
  if (!Number.isInteger(positions)) return undefined
  const rowSize = x.size / x.shape[0]
  return {
    kind: 'lookup',
    parameter,
    positions,
    rowSize,
    parameterRows: x.shape[0],
    indices: indices.reshape([batchSize, positions]),
    delta: delta.reshape([batchSize, positions, rowSize]),
  }
}

/** An op on elements, the parameter broadcast: the gradient as if each element had its own, summed up. */
function elementwise(use: ParameterUse): TensorSegment | undefined {
  const { kernelName, parameterInput, call, delta } = use
  const parameter = call.inputs[parameterInput]!
  const inputs = { ...call.inputs, [parameterInput]: tf.broadcastTo(parameter, delta.shape) }
  const repaired = gradientRepairs[kernelName]
  const config = tf.getGradient(kernelName)
  const thunks = (
    repaired === undefined
      ? config.gradFunc(
          delta,
          [
            ...(config.inputsToSave ?? []).map((name) => inputs[name]!),
            ...call.outputs.filter((_, k) => config.outputsToSave?.[k] === true),
          ],
          { ...call.attributes } as tf.NamedAttrMap,
        )
      : repaired([delta], { ...call, inputs })
  ) as Readonly<Record<string, (() => Tensor) | undefined>>
  const gradient = thunks[parameterInput]?.()
  return gradient && reduced(use, gradient)
}

/** A gradient at every element, summed over all axes but the batch and those that the parameter has. */
function reduced(
  { parameter, parameterInput, call, batchSize }: Omit<ParameterUse, 'delta'>,
  gradient: Tensor,
): TensorSegment | undefined {
  const { shape, size } = call.inputs[parameterInput]!
  const first = shape.findIndex((length) => length !== 1)
  const own = first < 0 ? [] : shape.slice(first)
  const trailing = gradient.shape.slice(gradient.rank - own.length)
  const positions = gradient.size / tf.util.sizeFromShape(trailing) / batchSize
  if (!Number.isInteger(positions)) return undefined
  if (own.some((length, axis) => length !== 1 && length !== trailing[axis])) return undefined
  const broadcastAxes = own.flatMap((length, axis) =>
    length === 1 && trailing[axis] !== 1 ? [axis + 2] : [],
  )
  const values = gradient.reshape([batchSize, positions, ...trailing]).sum([1, ...broadcastAxes])
  return { kind: 'dense', parameter, size, values: values.reshape([batchSize, size]) }
}
