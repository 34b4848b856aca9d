import { moveExamplesFirst } from '../graph/batch-layout.js'
import type { GraphSegment } from './graph-segment.js'
import type { ParameterUse } from './parameter-use.js'

/** The gradient of a parameter at each element of an operator's output, before it is summed. */
export interface ElementGradient {
  readonly gradient: string
  /** Its shape, with null for the batch's axis. */
  readonly shape: readonly (number | null)[]
  /** Per axis of the parameter, the axis of the gradient. */
  readonly axes: readonly number[]
}

/**
 * The gradient of each example where an operator broadcasts the parameter: that at each element, summed over the
 * elements of an example that share one of the parameter's.
 */
export function elementUse(
  { graph, node, input, layout }: Pick<ParameterUse, 'graph' | 'node' | 'input' | 'layout'>,
  { gradient, shape, axes }: ElementGradient,
): GraphSegment | undefined {
  const parameter = node.inputs[input]!
  const own = graph.infoOf(parameter).shape.map((length) => length ?? 1)
  const perExample = layout.outer * layout.inner
  /** Per axis of the examples' gradients, its length in the parameter. */
  const kept = shape.map((_, axis) => own[axes.indexOf(axis)] ?? 1)
  // A parameter with several numbers along the batch's axis must have one for each index of an example.
  if (kept[layout.axis] !== 1 && kept[layout.axis] !== perExample) return undefined
  // Axes of one length each: adjacent ones that are summed, or kept, count as one.
  const parts: { length: number; isSummed: boolean }[] = []
  for (const [axis, length] of shape.entries()) {
    const full = length ?? perExample
    const isSummed = kept[axis] === 1
    const last = parts.at(-1)
    if (last?.isSummed === isSummed) last.length *= full
    else parts.push({ length: full, isSummed })
  }
  const moved = moveExamplesFirst(graph, gradient, shape, layout)
  const lengths = graph.integers(-1, ...parts.map(({ length }) => length))
  const summed = parts.flatMap(({ isSummed }, k) => (isSummed ? [k + 1] : []))
  const elements = graph.add('Reshape', [moved, lengths])
  const sums =
    summed.length === 0
      ? elements
      : graph.add('ReduceSum', [elements, graph.integers(...summed)], { keepdims: 1 })
  const size = own.reduce((product, length) => product * length, 1)
  const values = graph.add('Reshape', [sums, graph.integers(-1, size)])
  return { kind: 'dense', parameter, size, values }
}
