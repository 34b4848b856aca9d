import type { Rules } from './rule.js'

/** Arithmetic on elements, with broadcast. */
export const arithmetic: Rules = {
  Add: {
    differentiate({ inputs, outputs }, [delta], graph) {
      return inputs.map((input) => graph.sumTo(input, delta!, outputs[0]!))
    },
  },
}
