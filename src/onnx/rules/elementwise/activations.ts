import { readFloat, readString } from '../../model/attributes.js'
import { Formula } from '../formula.js'
import type { Rules } from '../rule.js'
import { createGateRule, createUnaryRule } from './unary.js'

/** The functions that activate layers. At a kink, the derivative is PyTorch's. */
export const activations: Rules = {
  Relu: createGateRule(({ formula: f, y }) => f.isGreater(y, 0)),
  ThresholdedRelu: createGateRule(({ formula: f, x, node }) =>
    f.isGreater(x, readFloat(node, 'alpha', 1)),
  ),
  Shrink: createGateRule(({ formula: f, x, node }) =>
    f.isGreater(f.apply('Abs', x), readFloat(node, 'lambd', 0.5)),
  ),
  LeakyRelu: createUnaryRule(({ formula: f, x, node }) =>
    f.choose(f.isGreater(x, 0), 1, readFloat(node, 'alpha', 0.01)),
  ),
  PRelu: {
    differentiate({ inputs, outputs }, [delta], graph) {
      const f = new Formula(graph)
      const [x, slope] = inputs as [string, string]
      const isPositive = f.isGreater(x, 0)
      const ofSlope = f.choose(isPositive, 0, f.product(delta!, x))
      return [
        f.choose(isPositive, delta!, f.product(delta!, slope)),
        graph.sumTo(slope, ofSlope, outputs[0]!),
      ]
    },
  },

  // Below zero, the derivative of α(eˣ − 1) is the output plus α.
  Elu: createUnaryRule(({ formula: f, x, y, node }) =>
    f.choose(f.isGreater(x, 0), 1, f.sum(y, readFloat(node, 'alpha', 1))),
  ),
  Selu: createUnaryRule(({ formula: f, x, y, node }) => {
    const alpha = readFloat(node, 'alpha', 1.67326319217681884765625)
    const gamma = readFloat(node, 'gamma', 1.05070102214813232421875)
    return f.choose(f.isGreater(x, 0), gamma, f.sum(y, alpha * gamma))
  }),
  Celu: createUnaryRule(({ formula: f, x, y, node }) => {
    const alpha = readFloat(node, 'alpha', 1)
    return f.choose(f.isGreater(x, 0), 1, f.sum(f.quotient(y, alpha), 1))
  }),

  Sigmoid: createUnaryRule(({ formula: f, y }) => f.product(y, f.difference(1, y))),
  HardSigmoid: createUnaryRule(({ formula: f, y, node }) =>
    f.choose(f.and(f.isGreater(y, 0), f.isLess(y, 1)), readFloat(node, 'alpha', 0.2), 0),
  ),
  Softplus: createUnaryRule(({ formula: f, x }) => f.apply('Sigmoid', x)),
  Softsign: createUnaryRule(({ formula: f, x }) =>
    f.apply('Reciprocal', f.square(f.sum(1, f.apply('Abs', x)))),
  ),

  // x · σ(αx): σ + αxσ(1 − σ)
  Swish: createUnaryRule(({ formula: f, x, node }) => {
    const alpha = readFloat(node, 'alpha', 1)
    const gate = f.apply('Sigmoid', f.product(alpha, x))
    const change = f.product(f.product(alpha, x), f.difference(1, gate))
    return f.product(gate, f.sum(1, change))
  }),
  // x · clip(x/6 + 1/2, 0, 1)
  HardSwish: createUnaryRule(({ formula: f, x }) =>
    f.choose(f.isAtMost(x, -3), 0, f.choose(f.isAtLeast(x, 3), 1, f.sum(f.quotient(x, 3), 0.5))),
  ),
  // x · tanh(softplus(x)): t + xσ(1 − t²)
  Mish: createUnaryRule(({ formula: f, x }) => {
    const gate = f.apply('Tanh', f.apply('Softplus', x))
    const change = f.product(f.apply('Sigmoid', x), f.difference(1, f.square(gate)))
    return f.sum(gate, f.product(x, change))
  }),
  Gelu: createUnaryRule(({ formula: f, x, node }) =>
    readString(node, 'approximate', 'none') === 'tanh' ? tanhGelu(f, x) : exactGelu(f, x),
  ),
}

/** x · Φ(x): Φ + x φ, with the normal distribution's Φ and density φ. */
function exactGelu(f: Formula, x: string): string {
  const share = f.product(0.5, f.sum(1, f.apply('Erf', f.product(x, Math.SQRT1_2))))
  const density = f.product(
    1 / Math.sqrt(2 * Math.PI),
    f.apply('Exp', f.product(-0.5, f.square(x))),
  )
  return f.sum(share, f.product(x, density))
}

/** x/2 · (1 + t) with t = tanh(√(2/π)(x + 0.044715x³)). */
function tanhGelu(f: Formula, x: string): string {
  const scale = Math.sqrt(2 / Math.PI)
  const square = f.square(x)
  const inner = f.product(f.product(scale, x), f.sum(1, f.product(0.044715, square)))
  const gate = f.apply('Tanh', inner)
  const slope = f.product(scale, f.sum(1, f.product(3 * 0.044715, square)))
  const change = f.product(f.product(x, slope), f.difference(1, f.square(gate)))
  return f.product(0.5, f.sum(f.sum(1, gate), change))
}
