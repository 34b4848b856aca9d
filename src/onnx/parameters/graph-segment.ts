import type { GraphBuilder } from '../graph/graph-builder.js'
import type { GradientSegment } from '../../gradients/block.js'

/** A segment whose arrays are tensors of a graph, of the shapes that the segment states. */
export type GraphSegment = GradientSegment<string, string>

/**
 * Combines the uses of one parameter where their layouts allow it: dense ones are added, factored ones joined along
 * the positions. The sum of the returned segments is the gradient.
 */
export function joinUses(graph: GraphBuilder, uses: readonly GraphSegment[]): GraphSegment[] {
  const dense = uses.filter((use) => use.kind === 'dense')
  const factored = uses.filter((use) => use.kind === 'factored')
  const result: GraphSegment[] = uses.filter(
    (use) => use.kind !== 'dense' && use.kind !== 'factored',
  )
  const [first] = dense
  if (first !== undefined) {
    result.push({ ...first, values: graph.sum(dense.map(({ values }) => values)) })
  }
  // A parameter may be used as matrices of several shapes, whose factors can't be joined.
  const byShape = new Map<string, (typeof factored)[number][]>()
  for (const use of factored) {
    const shape = `${use.inputSize}×${use.outputSize}`
    byShape.set(shape, [...(byShape.get(shape) ?? []), use])
  }
  for (const alike of byShape.values()) {
    const joined = (tensors: readonly string[]): string =>
      tensors.length === 1 ? tensors[0]! : graph.add('Concat', tensors, { axis: 1 })
    result.push({
      ...alike[0]!,
      positions: alike.reduce((sum, { positions }) => sum + positions, 0),
      a: joined(alike.map(({ a }) => a)),
      delta: joined(alike.map(({ delta }) => delta)),
    })
  }
  return result
}

/** Returns G of each example in full, [B, size]. */
export function materialize(graph: GraphBuilder, segment: GraphSegment): string {
  switch (segment.kind) {
    case 'dense':
      return segment.values
    case 'factored': {
      const { a, delta, inputSize, outputSize } = segment
      return flatten(graph, multiply(graph, a, delta), inputSize * outputSize)
    }
    case 'lookup': {
      const { indices, delta, parameterRows, rowSize } = segment
      const range = graph.constant([0, 1])
      const oneHot = graph.add('OneHot', [indices, graph.integers(parameterRows), range])
      return flatten(graph, multiply(graph, oneHot, delta), parameterRows * rowSize)
    }
    case 'convolution':
      throw new Error('filters that are computed have dense gradients')
  }
}

/** Returns aᵀδ of each example. */
function multiply(graph: GraphBuilder, a: string, delta: string): string {
  return graph.add('MatMul', [graph.add('Transpose', [a], { perm: [0, 2, 1] }), delta])
}

const flatten = (graph: GraphBuilder, tensor: string, size: number): string =>
  graph.add('Reshape', [tensor, graph.integers(-1, size)])
