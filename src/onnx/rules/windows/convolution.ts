import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { fixedLength, range } from '../constants.js'
import { refuse } from '../refuse.js'
import type { Rules } from '../rule.js'
import { readWindows, type WindowAxis } from './geometry.js'
import { overlapAdd, padAxis } from './overlap-add.js'

/** Convolutions and their transposes, channels first, in any number of dimensions. */
export const convolutions: Rules = {
  Conv: {
    differentiate(node, [delta], graph) {
      const [x, w, bias = ''] = node.inputs as [string, string, string?]
      const [y] = node.outputs as [string]
      const axes = windowsOf(node, x, y, graph)
      const group = readInt(node, 'group', 1)
      return [
        group === 1 && axes.length < 3
          ? convolveBack(delta!, w, axes, graph)
          : convolveTurned(node, delta!, w, group, axes, graph),
        convolutionOfWeights(node, x, delta!, group, axes, graph),
        bias === '' ? undefined : graph.sumTo(bias, delta!, y, [1]),
      ]
    },
  },
  ConvTranspose: {
    differentiate(node, [delta], graph) {
      const [x, w, bias = ''] = node.inputs as [string, string, string?]
      const [y] = node.outputs as [string]
      // The windows move over the output here.
      const axes = windowsOf(node, y, x, graph)
      for (const axis of axes) {
        if (axis.before < 0) throw refuse(node, 'an output that is longer than its windows')
      }
      const group = readInt(node, 'group', 1)
      const [cut, padding] = splitPadding(graph, delta!, axes)
      return [
        graph.add('Conv', [cut, w], {
          group,
          pads: padding,
          strides: axes.map(({ stride }) => stride),
          dilations: axes.map(({ dilation }) => dilation),
        }),
        convolutionOfWeights(node, delta!, x, group, axes, graph),
        bias === '' ? undefined : graph.sumTo(bias, delta!, y, [1]),
      ]
    },
  },
}

function windowsOf(
  node: OnnxNode,
  positions: string,
  windows: string,
  graph: GradientGraph,
): WindowAxis[] {
  const w = node.inputs[1]!
  const kernel = range(graph.rankOf(w) - 2).map((k) => fixedLength(node, w, k + 2, graph))
  return readWindows(node, positions, windows, kernel, graph)
}

/** Cuts off what windows leave out, and returns the rest with the padding as an attribute. */
function splitPadding(
  graph: GradientGraph,
  tensor: string,
  axes: readonly WindowAxis[],
): [tensor: string, pads: number[]] {
  const rank = axes.length + 2
  const cut = axes.reduce(
    (name, { axis, after }) => padAxis(graph, name, axis, rank, 0, Math.min(after, 0)),
    tensor,
  )
  const after = axes.map((axis) => Math.max(axis.after, 0))
  return [cut, [...axes.map(({ before }) => before), ...after]]
}

/** The gradient of the input, as a transposed convolution. */
function convolveBack(
  delta: string,
  w: string,
  axes: readonly WindowAxis[],
  graph: GradientGraph,
): string {
  return graph.add('ConvTranspose', [delta, w], {
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => Math.max(after, 0))],
    output_padding: axes.map(({ after }) => Math.max(-after, 0)),
  })
}

/**
 * The gradient of the input, as a convolution with turned kernels. ONNX Runtime 1.30 on WebGPU has no transposed
 * convolution in three dimensions, and returns wrong numbers for a strided one with groups.
 */
function convolveTurned(
  node: OnnxNode,
  delta: string,
  w: string,
  group: number,
  axes: readonly WindowAxis[],
  graph: GradientGraph,
): string {
  const rank = axes.length + 2
  const lengths = [...graph.infoOf(node.outputs[0]!).shape]
  const padded = axes.reduce((tensor, window) => {
    const { axis, kernel, stride, dilation, before, length, count } = window
    const reach = (kernel - 1) * dilation
    // Position i of the input sees windows from i + before − reach to i + before.
    const result = overlapAdd(graph, new Map([[0, tensor]]), {
      ...{ axis, rank, stride, count, lengths: [...lengths] },
      length: Math.min(count * stride, before + length),
    })
    const own = Math.min(count * stride, before + length)
    lengths[axis] = length + reach
    return padAxis(graph, result, axis, rank, reach - before, before + length - own)
  }, delta)
  return graph.add('Conv', [padded, turnKernels(node, w, group, axes, graph)], {
    group,
    dilations: axes.map(({ dilation }) => dilation),
  })
}

/** Reverses each kernel, and swaps inputs and outputs within each group. */
function turnKernels(
  node: OnnxNode,
  w: string,
  group: number,
  axes: readonly WindowAxis[],
  graph: GradientGraph,
): string {
  const [outputs, inputs] = [0, 1].map((axis) => fixedLength(node, w, axis, graph)) as [
    number,
    number,
  ]
  const kernel = axes.map((axis) => axis.kernel)
  const reversed = graph.add('Slice', [
    w,
    graph.integers(...kernel.map(() => -1)),
    graph.integers(...kernel.map(() => -(2 ** 31))),
    graph.integers(...axes.map(({ axis }) => axis)),
    graph.integers(...kernel.map(() => -1)),
  ])
  const each = outputs / group
  if (each === 1 && inputs === 1) return reversed
  const grouped = graph.add('Reshape', [reversed, graph.integers(group, each, inputs, ...kernel)])
  const perm = [0, 2, 1, ...kernel.map((_, k) => k + 3)]
  const swapped = graph.add('Transpose', [grouped], { perm })
  return graph.add('Reshape', [swapped, graph.integers(group * inputs, each, ...kernel)])
}

/**
 * The gradient of the kernels: x and δ are convolved over the batch, with stride and dilation swapped.
 *
 * @param x what the windows move over
 * @param delta has a position for each window
 */
function convolutionOfWeights(
  node: OnnxNode,
  x: string,
  delta: string,
  group: number,
  axes: readonly WindowAxis[],
  graph: GradientGraph,
): string {
  const rank = axes.length + 2
  const w = node.inputs[1]!
  const inputs = fixedLength(node, w, 1, graph)
  const swap = [1, 0, ...axes.map(({ axis }) => axis)]
  const [cut, pads] = splitPadding(graph, x, axes)
  const images =
    group === 1
      ? graph.add('Transpose', [cut], { perm: swap })
      : joinGroups(graph, cut, group, inputs, axes)
  const kernels = graph.add('Transpose', [delta], { perm: swap })
  const products = graph.add('Conv', [images, kernels], {
    ...{ group, pads },
    strides: axes.map(({ dilation }) => dilation),
    dilations: axes.map(({ stride }) => stride),
  })
  return graph.add('Transpose', [products], { perm: [1, 0, ...range(rank).slice(2)] })
}

/** [batch, group · inputs, …] becomes [inputs, group · batch, …]. */
function joinGroups(
  graph: GradientGraph,
  x: string,
  group: number,
  inputs: number,
  axes: readonly WindowAxis[],
): string {
  const sizes = axes.map(({ length, after }) => length + Math.min(after, 0))
  const split = graph.add('Reshape', [x, graph.integers(-1, group, inputs, ...sizes)])
  const perm = [2, 1, 0, ...axes.map((_, k) => k + 3)]
  const turned = graph.add('Transpose', [split], { perm })
  return graph.add('Reshape', [turned, graph.integers(inputs, -1, ...sizes)])
}
