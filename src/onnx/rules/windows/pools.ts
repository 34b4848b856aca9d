import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt, readInts } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { range } from '../constants.js'
import { Formula } from '../formula.js'
import type { Rules } from '../rule.js'
import { readWindows, type WindowAxis } from './geometry.js'
import { overlapAdd, padAxis } from './overlap-add.js'

/** Pools over windows. */
export const pools: Rules = {
  MaxPool: {
    differentiate(node, [delta], graph) {
      if (delta === undefined) return []
      return [differentiateMaxPool(node, delta, graph)]
    },
  },
  AveragePool: {
    differentiate(node, [delta], graph) {
      const axes = windowsOf(node, graph)
      const counts = countPositions(axes, readInt(node, 'count_include_pad', 0) === 1)
      const divisor = graph.constant(
        counts,
        'float32',
        axes.map(({ count }) => count),
      )
      return [spread(node, new Formula(graph).quotient(delta!, divisor), axes, graph)]
    },
  },
  // y = (Σ |x|ᵖ)^(1/p): sign(x) (|x| / y)ᵖ⁻¹
  LpPool: {
    differentiate(node, [delta], graph) {
      const f = new Formula(graph)
      const [x] = node.inputs as [string]
      const [y] = node.outputs as [string]
      const p = readInt(node, 'p', 2)
      const isZero = f.isEqual(y, 0)
      const ofSum = f.quotient(delta!, f.power(f.choose(isZero, 1, y), p - 1))
      const summed = spread(node, f.choose(isZero, 0, ofSum), windowsOf(node, graph), graph)
      const slope = f.product(f.apply('Sign', x), f.power(f.apply('Abs', x), p - 1))
      return [f.product(summed, slope)]
    },
  },
}

function windowsOf(node: OnnxNode, graph: GradientGraph): WindowAxis[] {
  return readWindows(
    node,
    node.inputs[0]!,
    node.outputs[0]!,
    readInts(node, 'kernel_shape')!,
    graph,
  )
}

/** Per window, the number of its positions: with the padding that the model states, or without it. */
function countPositions(axes: readonly WindowAxis[], withPadding: boolean): number[] {
  return axes.reduce<number[]>(
    (counts, axis) => {
      const own = range(axis.count).map((window) => countOnAxis(axis, window, withPadding))
      return counts.flatMap((count) => own.map((value) => count * value))
    },
    [1],
  )
}

function countOnAxis(axis: WindowAxis, window: number, withPadding: boolean): number {
  const { kernel, stride, dilation, before, length } = axis
  const positions = range(kernel).map((k) => window * stride - before + k * dilation)
  // Positions that only rounding up the number of windows adds are in no count.
  const [first, last] = withPadding ? [-before, length - 1 + axis.paddingAfter] : [0, length - 1]
  return positions.filter((position) => position >= first && position <= last).length
}

/** Sums each window's gradient into all of its positions. */
function spread(
  node: OnnxNode,
  gradient: string,
  axes: readonly WindowAxis[],
  graph: GradientGraph,
): string {
  const lengths = [...graph.infoOf(node.outputs[0]!).shape]
  return axes.reduce((tensor, window) => {
    const result = addWindows(
      graph,
      range(window.kernel).map(() => tensor),
      window,
      lengths,
    )
    lengths[window.axis] = window.length
    return result
  }, gradient)
}

/**
 * Takes one axis after the other, the first one first: the first row that has the maximum, then the first column in it.
 * This is the order in which ONNX Runtime and PyTorch look for it.
 */
function differentiateMaxPool(node: OnnxNode, delta: string, graph: GradientGraph): string {
  const axes = windowsOf(node, graph)
  const rank = axes.length + 2
  const lengths = [...graph.infoOf(node.outputs[0]!).shape]
  // The maxima over the last axis, over the last two, …
  let tensor = node.inputs[0]!
  const stages = axes.toReversed().map((window) => {
    const slices = sliceWindows(graph, tensor, window, rank)
    tensor = slices.length === 1 ? slices[0]! : graph.add('Max', slices)
    return { window, slices, maximum: tensor }
  })
  let gradient = delta
  for (const { window, slices, maximum } of stages.reverse()) {
    gradient = addWindows(graph, chooseFirst(graph, slices, maximum, gradient), window, lengths)
    lengths[window.axis] = window.length
  }
  return gradient
}

/** Returns, per position in the window, the values of all windows. */
function sliceWindows(
  graph: GradientGraph,
  tensor: string,
  { axis, kernel, stride, dilation, before, after, count }: WindowAxis,
  rank: number,
): string[] {
  const padded = padAxis(graph, tensor, axis, rank, before, Math.max(after, 0), -Infinity)
  if (kernel === 1 && stride === 1)
    return [padAxis(graph, padded, axis, rank, 0, Math.min(after, 0))]
  return range(kernel).map((k) =>
    graph.add('Slice', [
      padded,
      graph.integers(k * dilation),
      graph.integers(k * dilation + (count - 1) * stride + 1),
      graph.integers(axis),
      graph.integers(stride),
    ]),
  )
}

/** Returns, per position in the window, the gradient where it is the first one with the maximum. */
function chooseFirst(
  graph: GradientGraph,
  slices: readonly string[],
  maximum: string,
  gradient: string,
): string[] {
  if (slices.length === 1) return [gradient]
  const f = new Formula(graph)
  let rest = gradient
  return slices.map((slice) => {
    const isChosen = f.isEqual(slice, maximum)
    const own = f.choose(isChosen, rest, 0)
    rest = f.choose(isChosen, 0, rest)
    return own
  })
}

/** Sums, per position in the window, the values of all windows into the positions of an axis. */
function addWindows(
  graph: GradientGraph,
  pieces: readonly string[],
  { axis, stride, dilation, before, after, length, count }: WindowAxis,
  lengths: readonly (number | null)[],
): string {
  const rank = lengths.length
  const padded = before + length + Math.max(after, 0)
  const byOffset = new Map(pieces.map((piece, k) => [k * dilation, piece]))
  const sum = overlapAdd(graph, byOffset, { axis, rank, stride, count, length: padded, lengths })
  return padAxis(graph, sum, axis, rank, -before, -Math.max(after, 0))
}
