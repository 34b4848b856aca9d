import { readInt } from '../../model/attributes.js'
import { Formula } from '../formula.js'
import type { Rules } from '../rule.js'

/** Shares along an axis, and their logarithms. */
export const softmax: Rules = {
  // y(δ − Σ δy)
  Softmax: {
    differentiate(node, [delta], graph) {
      const f = new Formula(graph)
      const [y] = node.outputs as [string]
      const mean = f.sumOver(f.product(delta!, y), [readInt(node, 'axis', -1)])
      return [f.product(y, f.difference(delta!, mean))]
    },
  },
  // δ − eʸ Σ δ
  LogSoftmax: {
    differentiate(node, [delta], graph) {
      const f = new Formula(graph)
      const total = f.sumOver(delta!, [readInt(node, 'axis', -1)])
      return [f.difference(delta!, f.product(f.apply('Exp', node.outputs[0]!), total))]
    },
  },
}
