import { isPlaced, type Placement } from '../graph/batch-layout.js'
import type { GradientGraph } from '../graph/gradient-graph.js'
import { readInt, readInts, readString } from '../model/attributes.js'
import type { OnnxNode } from '../model/onnx-model.js'
import type { GraphSegment } from './graph-segment.js'
import type { UseRule } from './parameter-use.js'

/** True for a convolution whose filter's gradients can be kept as factors: of one group, in one or two dimensions. */
export const isFactorable = (node: OnnxNode, filterRank: number): boolean =>
  (node.op === 'Conv' || node.op === 'ConvTranspose') &&
  readInt(node, 'group', 1) === 1 &&
  filterRank <= 4

/** How a convolution moves its filter along each spatial axis. */
interface Window {
  /** The lengths of the image's spatial axes, and of the output's. */
  readonly image: readonly number[]
  readonly output: readonly number[]
  readonly taps: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** The padding before the first element of each axis. */
  readonly pads: readonly number[]
}

/** The channels come first in ONNX, and last in segments. */
const channelsLast = (graph: GradientGraph, tensor: string, rank: number): string =>
  graph.add('Transpose', [tensor], {
    perm: [0, ...Array.from({ length: rank - 2 }, (_, k) => k + 2), 1],
  })

/** G = Σ_t patch_t δ_tᵀ, of an image x [B, C, …] and the filter [p, C / groups, …]. */
export const convolutionUse: UseRule = ({
  graph,
  node,
  input,
  delta,
  layout,
  placementOf,
  isFilter,
}) => {
  const [x, filter] = node.inputs as [string, string]
  if (input !== 1 || !isBatchFirst(layout) || !isBatchFirst(placementOf(x))) return undefined
  const window = windowOf(graph, node, x, node.outputs[0]!, filter)
  return (
    window &&
    filterGradient(graph, filter, node, { image: x, delta, window, isFactored: isFilter(filter) })
  )
}

/**
 * A transposed convolution is the gradient of a convolution: its output is that one's image, its input that one's δ.
 * The filter is [C, p / groups, …].
 */
export const transposedConvolutionUse: UseRule = (use) => {
  const { graph, node, input, delta, layout, placementOf, isFilter } = use
  const [x, filter] = node.inputs as [string, string]
  const isPadded = 'output_shape' in node.attributes
  if (input !== 1 || isPadded) return undefined
  if (!isBatchFirst(layout) || !isBatchFirst(placementOf(x))) return undefined
  const window = windowOf(graph, node, node.outputs[0]!, x, filter)
  return (
    window &&
    filterGradient(graph, filter, node, {
      image: delta,
      delta: x,
      window,
      isFactored: isFilter(filter),
    })
  )
}

interface Convolved {
  readonly image: string
  readonly delta: string
  readonly window: Window
  readonly isFactored: boolean
}

/**
 * The factors of a filter, whose gradients are then [height, width, inputs, outputs]; or the gradients themselves,
 * tap by tap.
 *
 * @param filter [outputs, inputs / groups, …] in the terms of the convolution
 */
function filterGradient(
  graph: GradientGraph,
  filter: string,
  node: OnnxNode,
  { image, delta, window, isFactored }: Convolved,
): GraphSegment {
  const groups = readInt(node, 'group', 1)
  const [outputs = 0, inputsPerGroup = 0] = graph.infoOf(filter).shape as number[]
  const rank = window.taps.length + 2
  if (isFactored) {
    // One dimension is two, the first of which has length 1.
    const [height, width] = [0, 1].map((k) => {
      const axis = k - (4 - rank)
      const at = (values: readonly number[], otherwise: number): number => values[axis] ?? otherwise
      return {
        in: at(window.image, 1),
        out: at(window.output, 1),
        taps: at(window.taps, 1),
        stride: at(window.strides, 1),
        dilation: at(window.dilations, 1),
        pad: at(window.pads, 0),
      }
    }) as [Axis, Axis]
    return {
      kind: 'convolution',
      parameter: filter,
      geometry: {
        inHeight: height.in,
        inWidth: width.in,
        inChannels: inputsPerGroup,
        filterHeight: height.taps,
        filterWidth: width.taps,
        outHeight: height.out,
        outWidth: width.out,
        outChannels: outputs,
        strideHeight: height.stride,
        strideWidth: width.stride,
        dilationHeight: height.dilation,
        dilationWidth: width.dilation,
        padTop: height.pad,
        padLeft: width.pad,
      },
      a: channelsLast(graph, image, rank),
      delta: channelsLast(graph, delta, rank),
    }
  }
  return tapGradients(graph, filter, { image, delta, window, groups, outputs, inputsPerGroup })
}

interface Axis {
  readonly in: number
  readonly out: number
  readonly taps: number
  readonly stride: number
  readonly dilation: number
  readonly pad: number
}

interface Grouped {
  readonly image: string
  readonly delta: string
  readonly window: Window
  readonly groups: number
  readonly outputs: number
  readonly inputsPerGroup: number
}

/** Σ_t patch[t, k, c] δ[t, p], tap k by tap and group by group: dense, in the order of the filter. */
function tapGradients(
  graph: GradientGraph,
  filter: string,
  { image, delta, window, groups, outputs, inputsPerGroup }: Grouped,
): GraphSegment {
  const positions = window.output.reduce((product, length) => product * length, 1)
  const padded = padImage(graph, image, window)
  const outputsPerGroup = outputs / groups
  const deltas = graph.add('Reshape', [
    delta,
    graph.integers(-1, groups, outputsPerGroup, positions),
  ])
  const taps = tapsOf(window.taps).map((tap) => {
    const patch = graph.add('Slice', [
      padded,
      graph.integers(...tap.map((k, axis) => k * window.dilations[axis]!)),
      graph.integers(
        ...tap.map(
          (k, axis) =>
            k * window.dilations[axis]! + (window.output[axis]! - 1) * window.strides[axis]! + 1,
        ),
      ),
      graph.integers(...tap.map((_, axis) => axis + 2)),
      graph.integers(...window.strides),
    ])
    const rows = graph.add('Reshape', [
      patch,
      graph.integers(-1, groups, inputsPerGroup, positions),
    ])
    const columns = graph.add('Transpose', [rows], { perm: [0, 1, 3, 2] })
    // [B, groups, outputs, inputs]
    return graph.add('Unsqueeze', [graph.add('MatMul', [deltas, columns]), graph.integers(-1)])
  })
  const size = outputs * inputsPerGroup * taps.length
  const all = taps.length === 1 ? taps[0]! : graph.add('Concat', taps, { axis: -1 })
  const values = graph.add('Reshape', [all, graph.integers(-1, size)])
  return { kind: 'dense', parameter: filter, size, values }
}

/** Pads an image so that every tap meets an element at every output position. */
function padImage(graph: GradientGraph, image: string, window: Window): string {
  const after = window.image.map((length, axis) => {
    const reach =
      (window.taps[axis]! - 1) * window.dilations[axis]! +
      (window.output[axis]! - 1) * window.strides[axis]! +
      1
    return Math.max(0, reach - window.pads[axis]! - length)
  })
  if ([...window.pads, ...after].every((length) => length === 0)) return image
  const pads = graph.integers(0, 0, ...window.pads, 0, 0, ...after)
  return graph.add('Pad', [image, pads, graph.constant(0)])
}

/** The index of each tap, the last axis first. */
function tapsOf(lengths: readonly number[]): number[][] {
  let taps: number[][] = [[]]
  for (const length of lengths) {
    taps = taps.flatMap((tap) => Array.from({ length }, (_, k) => [...tap, k]))
  }
  return taps
}

function windowOf(
  graph: GradientGraph,
  node: OnnxNode,
  image: string,
  output: string,
  filter: string,
): Window | undefined {
  const spatial = (tensor: string): number[] | undefined => {
    const lengths = graph.infoOf(tensor).shape.slice(2)
    return lengths.every((length) => length !== null) ? lengths : undefined
  }
  const [inLengths, outLengths, taps] = [spatial(image), spatial(output), spatial(filter)]
  if (inLengths === undefined || outLengths === undefined || taps === undefined) return undefined
  const ones = taps.map(() => 1)
  const strides = readInts(node, 'strides') ?? ones
  const dilations = readInts(node, 'dilations') ?? ones
  const automatic = readString(node, 'auto_pad', 'NOTSET')
  const isSame = automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER'
  const given = automatic === 'NOTSET' ? readInts(node, 'pads') : undefined
  const pads = taps.map((length, axis) => {
    if (!isSame) return given?.[axis] ?? 0
    const reach = (length - 1) * dilations[axis]! + 1
    const total = Math.max(0, (outLengths[axis]! - 1) * strides[axis]! + reach - inLengths[axis]!)
    return automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)
  })
  return { image: inLengths, output: outLengths, taps, strides, dilations, pads }
}

const isBatchFirst = (placement: Placement | undefined): boolean =>
  isPlaced(placement) && placement.axis === 0 && placement.outer * placement.inner === 1
