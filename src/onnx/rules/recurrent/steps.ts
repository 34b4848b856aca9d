import type { GradientGraph } from '../../graph/gradient-graph.js'
import { range } from '../constants.js'

/** Returns the steps of a sequence [steps, …], each [1, …]. */
export function splitSteps(graph: GradientGraph, tensor: string, count: number): readonly string[] {
  if (count === 1) return [tensor]
  const lengths = graph.integers(...range(count).fill(1))
  return graph.addSeveral('Split', [tensor, lengths], { axis: 0 }, count)
}

/** Joins steps [1, …] to a sequence. */
export const joinSteps = (graph: GradientGraph, steps: readonly string[]): string =>
  steps.length === 1 ? steps[0]! : graph.add('Concat', steps, { axis: 0 })

/** Joins the gates of a step or a sequence, [steps, batch, gates · hidden]. */
export const joinGates = (graph: GradientGraph, gates: readonly string[]): string =>
  graph.add('Concat', gates, { axis: 2 })

/** Splits gates [steps, batch, gates · hidden], or the rows of weights that compute them. */
export function splitGates(
  graph: GradientGraph,
  tensor: string,
  count: number,
  hidden: number,
  axis = 2,
): readonly string[] {
  const lengths = graph.integers(...range(count).fill(hidden))
  return graph.addSeveral('Split', [tensor, lengths], { axis }, count)
}

/** Reverses the steps of a sequence of any rank. */
export const reverseSteps = (graph: GradientGraph, tensor: string): string =>
  graph.add('Slice', [
    tensor,
    graph.integers(-1),
    graph.integers(-(2 ** 31)),
    graph.integers(0),
    graph.integers(-1),
  ])

/** Returns one index of an axis, without the axis. */
export const takeIndex = (
  graph: GradientGraph,
  tensor: string,
  axis: number,
  index: number,
): string => graph.add('Gather', [tensor, graph.constant(index, 'int64')], { axis })
