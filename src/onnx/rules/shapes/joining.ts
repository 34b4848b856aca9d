import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt } from '../../model/attributes.js'
import type { Rules } from '../rule.js'

/** Operators that join tensors along an axis, or split them. */
export const joining: Rules = {
  Concat: {
    differentiate(node, [delta], graph) {
      const axis = readInt(node, 'axis', 0)
      if (node.inputs.length === 1) return [delta]
      const sizes = lengthsAlong(node.inputs, axis, graph)
      return graph.addSeveral('Split', [delta!, sizes], { axis }, node.inputs.length)
    },
  },
  Split: {
    constantInputs: [1],
    differentiate(node, deltas, graph) {
      const axis = readInt(node, 'axis', 0)
      const parts = node.outputs.map((output, k) => deltas[k] ?? graph.filledLike(output))
      return [parts.length === 1 ? parts[0] : graph.add('Concat', parts, { axis })]
    },
  },
}

function lengthsAlong(tensors: readonly string[], axis: number, graph: GradientGraph): string {
  const lengths = tensors.map((tensor) => graph.lengthOf(tensor, axis))
  if (lengths.every((length) => length !== null)) return graph.integers(...lengths)
  const vectors = tensors.map((tensor) => graph.lengthTensor(tensor, axis))
  return graph.add('Concat', vectors, { axis: 0 })
}
