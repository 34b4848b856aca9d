import type { GradientGraph } from '../../graph/gradient-graph.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { countFromZero, fixedLength, range, readConstantInput } from '../constants.js'
import type { Rule } from '../rule.js'
import { overlapAdd } from '../windows/overlap-add.js'

/** The positions first, first + step, … of one axis. */
interface Selection {
  readonly axis: number
  readonly length: number
  readonly first: number
  readonly count: number
  readonly step: number
}

/** Positions that a slice leaves out have a gradient of zero. */
export const slice: Rule = {
  constantInputs: [1, 2, 3, 4],
  differentiate(node, [delta], graph) {
    const lengths = [...graph.infoOf(node.outputs[0]!).shape]
    const rank = lengths.length
    let gradient = delta!
    for (const { axis, length, first, count, step } of readSelections(node, graph)) {
      const stride = Math.abs(step)
      const begin = step < 0 ? first + (count - 1) * step : first
      if (step < 0) gradient = reverse(graph, gradient, axis)
      const pieces = new Map([[begin, gradient]])
      gradient = overlapAdd(graph, pieces, { axis, rank, stride, count, length, lengths })
      lengths[axis] = length
    }
    return [gradient]
  },
}

function readSelections(node: OnnxNode, graph: GradientGraph): Selection[] {
  const [x] = node.inputs as [string]
  const [y] = node.outputs as [string]
  const starts = readConstantInput(node, 1, 'starts', graph) ?? []
  const ends = readConstantInput(node, 2, 'ends', graph) ?? []
  const axes = readConstantInput(node, 3, 'axes', graph) ?? range(starts.length)
  const steps = readConstantInput(node, 4, 'steps', graph) ?? starts.map(() => 1)
  const selections: Selection[] = []
  for (const [k, axis] of countFromZero(axes, graph.rankOf(x)).entries()) {
    const [start, step] = [starts[k]!, steps[k]!]
    // All of an axis whose length depends on the batch.
    if (start === 0 && step === 1 && ends[k]! >= 2 ** 31 - 1) continue
    const length = fixedLength(node, x, axis, graph)
    const from = start < 0 ? start + length : start
    const first = step > 0 ? clamp(from, 0, length) : clamp(from, 0, length - 1)
    selections.push({ axis, length, first, count: fixedLength(node, y, axis, graph), step })
  }
  return selections
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high)

const reverse = (graph: GradientGraph, tensor: string, axis: number): string =>
  graph.add('Slice', [
    tensor,
    graph.integers(-1),
    graph.integers(-(2 ** 31)),
    graph.integers(axis),
    graph.integers(-1),
  ])
