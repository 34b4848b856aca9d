import { readInts } from '../model/attributes.js'
import type { Rule, Rules } from './rule.js'

/** The elements keep their order. */
const reshaped: Rule = {
  constantInputs: [1],
  differentiate({ inputs }, [delta], graph) {
    return [graph.add('Reshape', [delta!, graph.shapeOf(inputs[0]!)])]
  },
}

/** Operators that move elements without changing them. */
export const shapes: Rules = {
  Flatten: reshaped,
  Identity: { differentiate: (_, [delta]) => [delta] },
  Reshape: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: {
    differentiate(node, [delta], graph) {
      const rank = graph.rankOf(node.inputs[0]!)
      const perm = readInts(node, 'perm') ?? Array.from({ length: rank }, (_, k) => rank - 1 - k)
      const back = perm.map((_, axis) => perm.indexOf(axis))
      return [graph.add('Transpose', [delta!], { perm: back })]
    },
  },
}
