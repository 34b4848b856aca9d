import { readInts } from '../../model/attributes.js'
import { range } from '../constants.js'
import type { Rule, Rules } from '../rule.js'

/** The elements keep their order. */
const reshaped: Rule = {
  constantInputs: [1],
  differentiate({ inputs }, [delta], graph) {
    return [graph.add('Reshape', [delta!, graph.shapeOf(inputs[0]!)])]
  },
}

/** The output is the input. */
const passed: Rule = { constantInputs: [1, 2], differentiate: (_, [delta]) => [delta] }

/** Operators that change only the shape. */
export const reshaping: Rules = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Identity: passed,
  Cast: passed,
  CastLike: passed,
  Dropout: passed,
  Transpose: {
    differentiate(node, [delta], graph) {
      const rank = graph.rankOf(node.inputs[0]!)
      const perm = readInts(node, 'perm') ?? range(rank).reverse()
      return [graph.add('Transpose', [delta!], { perm: perm.map((_, axis) => perm.indexOf(axis)) })]
    },
  },
}
