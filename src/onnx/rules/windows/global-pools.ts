import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt } from '../../model/attributes.js'
import { range } from '../constants.js'
import { Formula } from '../formula.js'
import type { Rules } from '../rule.js'

/** Pools over all positions of a channel. */
export const globalPools: Rules = {
  GlobalAveragePool: {
    differentiate({ inputs: [x] }, [delta], graph) {
      const f = new Formula(graph)
      const sizes = graph.infoOf(x!).shape.slice(2)
      const count = sizes.every((size) => size !== null)
        ? sizes.reduce((a, b) => a * b, 1)
        : f.quotient(...sizesOf(graph, x!, delta!))
      return [graph.add('Expand', [f.quotient(delta!, count), graph.shapeOf(x!)])]
    },
  },
  // The first position that has the maximum takes the gradient.
  GlobalMaxPool: {
    differentiate({ inputs: [x], outputs: [y] }, [delta], graph) {
      const f = new Formula(graph)
      const flat = graph.add('Reshape', [x!, graph.integers(0, 0, -1)])
      const maximum = graph.add('Reshape', [y!, graph.integers(0, 0, 1)])
      const own = graph.add('Reshape', [delta!, graph.integers(0, 0, 1)])
      const isMaximum = f.isEqual(flat, maximum)
      const number = graph.add('CumSum', [f.indicator(isMaximum), graph.constant(2, 'int64')])
      const gradient = f.choose(f.and(isMaximum, f.isEqual(number, 1)), own, 0)
      return [graph.add('Reshape', [gradient, graph.shapeOf(x!)])]
    },
  },
  GlobalLpPool: {
    differentiate(node, [delta], graph) {
      const f = new Formula(graph)
      const [x] = node.inputs as [string]
      const [y] = node.outputs as [string]
      const p = readInt(node, 'p', 2)
      const isZero = f.isEqual(y, 0)
      const ofSum = f.quotient(delta!, f.power(f.choose(isZero, 1, y), p - 1))
      const slope = f.product(f.apply('Sign', x), f.power(f.apply('Abs', x), p - 1))
      return [f.product(f.choose(isZero, 0, ofSum), slope)]
    },
  },
}

const sizesOf = (graph: GradientGraph, ...tensors: [string, string]): [string, string] =>
  range(2).map((k) => graph.add('Cast', [graph.add('Size', [tensors[k]!])], { to: 1 })) as [
    string,
    string,
  ]
