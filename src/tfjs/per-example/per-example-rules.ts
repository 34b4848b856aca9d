import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { ConvolutionGeometry } from '../../gradients/block.js'
import type { KernelCall } from '../kernel.js'
import { filterGradients } from '../kernels/convolution.js'
import { depthwiseFilterGradients } from '../kernels/window-gradients.js'
import { batchNorm } from './batch-norm-rule.js'
import { selectMetByTap } from '../repairs/axes.js'
import { gradientRepairs } from '../repairs/gradients.js'
import { windowAxes, type WindowAxis } from '../repairs/window.js'
import { moveExamplesFirst } from './batch-layout.js'
import { materializeSegment } from './materialize-segment.js'
import type { ParameterUse } from './parameter-use.js'
import { einsum, matMul } from './per-example-products.js'
import type { TensorSegment } from './tensor-segment.js'

/** The gradient of each example through one use; undefined where the rule does not apply. */
type PerExampleRule = (use: ParameterUse) => TensorSegment | undefined

/**
 * The rules, by the kernel that uses the parameter. Each is given the batch's place in the kernel's
 * output. The other inputs have it in the same place, since their rows correspond to those of the
 * output.
 */
export const perExampleRules: Readonly<Record<string, PerExampleRule | undefined>> = {
  BatchMatMul: matMul,
  Conv2D: perImage(convolution),
  Conv2DBackpropInput: perImage(transposedConvolution),
  DepthwiseConv2dNative: perImage(depthwiseConvolution),
  Conv3D: perImage(convolution3D),
  Conv3DBackpropInputV2: perImage(transposedConvolution3D),
  Einsum: einsum,
  GatherV2: embedding,
  Add: ({ delta, ...use }) => reduceToParameter(use, delta),
  Tile: ({ delta, ...use }) => reduceToParameter(use, delta),
  Sub: elementwise,
  Multiply: elementwise,
  RealDiv: elementwise,
  Maximum: elementwise,
  Minimum: elementwise,
  SquaredDifference: elementwise,
  Pow: elementwise,
  Prelu: elementwise,
  FusedBatchNorm: (use) => batchNorm(use) ?? elementwise(use),
}

/**
 * A convolution's rule where an example has several images, [B · k, H, W, C] in any order, as
 * dilated convolutions have: G is the sum over an example's images.
 */
function perImage(rule: PerExampleRule): PerExampleRule {
  return (use) => {
    const { layout, batchSize } = use
    if (layout.axis !== 0) return undefined
    const imagesPerExample = layout.outer * layout.inner
    if (imagesPerExample === 1) return rule(use)
    const images = batchSize * imagesPerExample
    const layoutOfImages = { axis: 0, outer: 1, inner: 1 }
    const segment = rule({
      ...use,
      layout: layoutOfImages,
      batchSize: images,
      keepsFactors: false,
    })
    if (segment === undefined) return undefined
    const gradients = moveExamplesFirst(materializeSegment(segment), layout, batchSize)
    const size = gradients.shape[2]!
    return { kind: 'dense', parameter: use.parameter, size, values: gradients.sum(1) }
  }
}

function convolution(use: ParameterUse): TensorSegment | undefined {
  const [x, filter] = findFiltered(use, 'x') ?? []
  if (x === undefined || filter === undefined) return undefined
  const geometry = geometryOf(x.shape, filter.shape, use.call)
  return geometry && convolutionSegment(use, geometry, x, use.delta)
}

/**
 * A transposed convolution is the gradient of a convolution: its output is that one's image, its
 * input that one's δ.
 */
function transposedConvolution(use: ParameterUse): TensorSegment | undefined {
  const [dy, filter] = findFiltered(use, 'dy') ?? []
  if (dy === undefined || filter === undefined) return undefined
  const geometry = geometryOf(use.delta.shape, filter.shape, use.call)
  return geometry && convolutionSegment(use, geometry, use.delta, dy)
}

/**
 * The gradients themselves where they are smaller and a kernel of ours computes them, else their
 * factors.
 */
function convolutionSegment(
  { parameter, keepsFactors }: ParameterUse,
  geometry: ConvolutionGeometry,
  a: Tensor,
  delta: Tensor,
): TensorSegment {
  const { filterHeight, filterWidth, inChannels, outHeight, outWidth, outChannels } = geometry
  const patchSize = filterHeight * filterWidth * inChannels
  const size = patchSize * outChannels
  const isSmaller = !keepsFactors && size <= outHeight * outWidth * (patchSize + outChannels)
  const values = isSmaller ? filterGradients(a, delta, geometry) : undefined
  if (values !== undefined) return { kind: 'dense', parameter, size, values }
  return { kind: 'convolution', parameter, geometry, a: a.clone(), delta: delta.clone() }
}

/** What the filter is applied to, and the filter, if the filter is the parameter. */
function findFiltered(
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
  const [x, filter] = findFiltered(use, 'x') ?? []
  if (x === undefined || filter === undefined) return undefined
  const { parameter, kernelName, call, delta, batchSize } = use
  const taps = filter.shape.slice(0, 2)
  const axes = windowAxes(kernelName, x.shape, delta.shape, taps, call.attributes)
  const direct = depthwiseFilterGradients(x, delta, filter.shape, axes)
  if (direct !== undefined) return { kind: 'dense', parameter, size: filter.size, values: direct }
  const channels = x.shape.at(-1)!
  const perChannel = delta.reshape([batchSize, -1, channels, delta.shape.at(-1)! / channels])
  const positions = perChannel.shape[1]!
  const sums = metByTaps(x, axes).map((met) =>
    met.reshape([batchSize, positions, channels, 1]).mul(perChannel).sum(1),
  )
  const values = tf.stack(sums, 1).reshape([batchSize, filter.size])
  return { kind: 'dense', parameter, size: filter.size, values }
}

/** Σ_t patch[t, k, c] δ[t, p], tap k by tap. */
function convolution3D(use: ParameterUse): TensorSegment | undefined {
  const [x, filter] = findFiltered(use, 'x') ?? []
  if (x === undefined || filter === undefined) return undefined
  return convolution3DGradient(use, x, use.delta, filter)
}

/** As in two dimensions, the output is the image and the input the δ. */
function transposedConvolution3D(use: ParameterUse): TensorSegment | undefined {
  const [dy, filter] = findFiltered(use, 'dy') ?? []
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

/**
 * The inputs that each tap of a window meets at every output position, in the order of the filter's
 * taps.
 */
function metByTaps(x: Tensor, axes: readonly WindowAxis[]): Tensor[] {
  let parts = [x]
  for (const [k, axis] of axes.entries()) {
    parts = parts.flatMap((part) =>
      Array.from({ length: axis.taps }, (_, tap) => selectMetByTap(part, k + 1, axis, tap)),
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
  layout,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const { x, indices } = call.inputs
  const { axis, batchDims } = call.attributes
  if (parameterInput !== 'x' || x === undefined || indices === undefined) return undefined
  if (axis !== 0 || (batchDims !== undefined && batchDims !== 0)) return undefined
  if (layout.axis >= indices.rank) return undefined
  const positions = indices.size / batchSize
  const rowSize = x.size / x.shape[0]
  return {
    kind: 'lookup',
    parameter,
    positions,
    rowSize,
    parameterRows: x.shape[0],
    indices: moveExamplesFirst(indices, layout, batchSize).reshape([batchSize, positions]),
    delta: moveExamplesFirst(delta, layout, batchSize).reshape([batchSize, positions, rowSize]),
  }
}

/**
 * An op on elements with the parameter broadcast: the gradient as if each element had its own, then
 * summed.
 */
function elementwise(use: ParameterUse): TensorSegment | undefined {
  const { kernelName, parameterInput, call, delta } = use
  const derivative = elementwiseDerivatives[kernelName]?.[parameterInput]
  const gradient = derivative === undefined ? repeatedGradient(use) : derivative(delta, call.inputs)
  return gradient && reduceToParameter(use, gradient)
}

type Operands = Readonly<Record<string, Tensor>>

/** δ times the derivative by one operand, whatever the operands' own shapes. */
const elementwiseDerivatives: Readonly<
  Record<string, Readonly<Record<string, (delta: Tensor, operands: Operands) => Tensor>>>
> = {
  Sub: { a: (delta) => delta, b: (delta) => tf.neg(delta) },
  Multiply: {
    a: (delta, { b }) => tf.mul(delta, b!),
    b: (delta, { a }) => tf.mul(delta, a!),
  },
  RealDiv: {
    a: (delta, { b }) => tf.div(delta, b!),
    b: (delta, { a, b }) => tf.neg(tf.div(tf.mul(delta, a!), tf.square(b!))),
  },
}

/** The gradient at each element of the parameter, repeated as the op broadcasts it. */
function repeatedGradient({
  kernelName,
  parameterInput,
  call,
  delta,
}: ParameterUse): Tensor | undefined {
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
  return thunks[parameterInput]?.()
}

/** A gradient at every element, summed over the elements that share one of the parameter's. */
function reduceToParameter(
  { parameter, parameterInput, call, layout, batchSize }: Omit<ParameterUse, 'delta'>,
  gradient: Tensor,
): TensorSegment | undefined {
  const { shape, size } = call.inputs[parameterInput]!
  const own = [...Array.from({ length: gradient.rank - shape.length }, () => 1), ...shape]
  // An axis of the parameter on which the batch repeats it: each repetition must belong to one
  // example.
  if (layout.inner % own[layout.axis]! !== 0) return undefined
  const perExample = moveExamplesFirst(gradient, layout, batchSize)
  const axes: { length: number; isShared: boolean }[] = []
  for (const [axis, length] of perExample.shape.slice(1).entries()) {
    const ownLength = own[axis]!
    if (length % ownLength !== 0) return undefined
    for (const part of [
      { length: length / ownLength, isShared: true },
      { length: ownLength, isShared: false },
    ]) {
      const last = axes.at(-1)
      if (part.length === 1) continue
      if (last?.isShared === part.isShared) last.length *= part.length
      else axes.push(part)
    }
  }
  const parts = perExample.reshape([batchSize, ...axes.map(({ length }) => length)])
  const shared = axes.flatMap(({ isShared }, k) => (isShared ? [k + 1] : []))
  const values = shared.length === 0 ? parts : parts.sum(shared)
  return { kind: 'dense', parameter, size, values: values.reshape([batchSize, size]) }
}
