import { readInt } from '../../model/attributes.js'
import type { Rules } from '../rule.js'

/** Triangles of matrices, and running sums. */
export const running: Rules = {
  Trilu: {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [, diagonal = ''] = node.inputs
      const inputs = diagonal === '' ? [delta!] : [delta!, diagonal]
      return [graph.add('Trilu', inputs, { upper: readInt(node, 'upper', 1) })]
    },
  },
  CumSum: {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const exclusive = readInt(node, 'exclusive', 0)
      const reverse = 1 - readInt(node, 'reverse', 0)
      return [graph.add('CumSum', [delta!, node.inputs[1]!], { exclusive, reverse })]
    },
  },
}
