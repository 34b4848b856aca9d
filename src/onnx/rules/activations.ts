import type { Rules } from './rule.js'

/** Activation functions: each output element depends on its own input element. */
export const activations: Rules = {
  Relu: {
    differentiate({ outputs }, [delta], graph) {
      const isPositive = graph.add('Greater', [outputs[0]!, graph.constant(0)])
      return [graph.add('Where', [isPositive, delta!, graph.constant(0)])]
    },
  },
}
