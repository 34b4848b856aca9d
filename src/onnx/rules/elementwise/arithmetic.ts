import { readInt } from '../../model/attributes.js'
import { isFloat, readNumbers } from '../../model/tensor-data.js'
import { Formula } from '../formula.js'
import { refuse } from '../refuse.js'
import type { Rule, Rules } from '../rule.js'

/** Arithmetic on elements, with broadcast. */
export const arithmetic: Rules = {
  Add: createSumRule(),
  Sum: createSumRule(),
  Mean: {
    differentiate({ inputs, outputs }, [delta], graph) {
      const share = new Formula(graph).quotient(delta!, inputs.length)
      return inputs.map((input) => graph.sumTo(input, share, outputs[0]!))
    },
  },
  Sub: {
    differentiate({ inputs: [a, b], outputs: [y] }, [delta], graph) {
      return [graph.sumTo(a!, delta!, y!), graph.sumTo(b!, graph.add('Neg', [delta!]), y!)]
    },
  },
  Mul: {
    differentiate({ inputs: [a, b], outputs: [y] }, [delta], graph) {
      const f = new Formula(graph)
      return [
        graph.sumTo(a!, f.product(delta!, b!), y!),
        graph.sumTo(b!, f.product(delta!, a!), y!),
      ]
    },
  },
  Div: {
    differentiate({ inputs: [a, b], outputs: [y] }, [delta], graph) {
      const f = new Formula(graph)
      const ofA = f.quotient(delta!, b!)
      return [graph.sumTo(a!, ofA, y!), graph.sumTo(b!, f.apply('Neg', f.product(ofA, y!)), y!)]
    },
  },
  Pow: {
    differentiate({ inputs, outputs }, [delta], graph) {
      const [x, exponent] = inputs as [string, string]
      const [y] = outputs as [string]
      const f = new Formula(graph)
      const ofX = f.product(delta!, powerSlope(f, x, exponent))
      if (!isFloat(graph.typeOf(exponent))) return [graph.sumTo(x, ofX, y)]
      // 0ᵇ ln 0 counts as 0.
      const logarithm = f.apply('Log', f.choose(f.isGreater(x, 0), x, 1))
      const ofExponent = f.product(delta!, f.product(y, logarithm))
      return [graph.sumTo(x, ofX, y), graph.sumTo(exponent, ofExponent, y)]
    },
  },
  Mod: {
    differentiate(node, [delta], graph) {
      const [a, b] = node.inputs as [string, string]
      const [y] = node.outputs as [string]
      if (readInt(node, 'fmod', 0) !== 1) {
        throw refuse(node, 'the remainder of floats is defined only with fmod = 1')
      }
      const f = new Formula(graph)
      // a − b · trunc(a / b)
      const ratio = f.quotient(a, b)
      const whole = f.product(f.apply('Sign', ratio), f.apply('Floor', f.apply('Abs', ratio)))
      const ofB = f.apply('Neg', f.product(delta!, whole))
      return [graph.sumTo(a, delta!, y), graph.sumTo(b, ofB, y)]
    },
  },
  Max: createExtremeRule(),
  Min: createExtremeRule(),
  Where: {
    constantInputs: [0],
    differentiate({ inputs, outputs }, [delta], graph) {
      const [condition, yes, no] = inputs as [string, string, string]
      const f = new Formula(graph)
      return [
        undefined,
        graph.sumTo(yes, f.choose(condition, delta!, 0), outputs[0]!),
        graph.sumTo(no, f.choose(condition, 0, delta!), outputs[0]!),
      ]
    },
  },
  Clip: {
    differentiate({ inputs, outputs }, [delta], graph) {
      const [x, low = '', high = ''] = inputs as [string, string?, string?]
      const f = new Formula(graph)
      const isLow = low === '' ? undefined : f.isLess(x, low)
      const isHigh = high === '' ? undefined : f.isGreater(x, high)
      let ofX = delta!
      if (isLow !== undefined) ofX = f.choose(isLow, 0, ofX)
      if (isHigh !== undefined) ofX = f.choose(isHigh, 0, ofX)
      return [
        ofX,
        isLow && graph.sumTo(low, f.choose(isLow, delta!, 0), outputs[0]!),
        isHigh && graph.sumTo(high, f.choose(isHigh, delta!, 0), outputs[0]!),
      ]
    },
  },
}

function createSumRule(): Rule {
  return {
    differentiate({ inputs, outputs }, [delta], graph) {
      return inputs.map((input) => graph.sumTo(input, delta!, outputs[0]!))
    },
  }
}

/** The largest or smallest of several inputs: those that are tied share the gradient equally. */
function createExtremeRule(): Rule {
  return {
    differentiate({ inputs, outputs: [y] }, [delta], graph) {
      if (inputs.length === 1) return [delta]
      const f = new Formula(graph)
      const isChosen = inputs.map((input) => f.indicator(f.isEqual(input, y!)))
      const share = f.quotient(delta!, graph.sum(isChosen))
      return inputs.map((input, k) => graph.sumTo(input, f.product(share, isChosen[k]!), y!))
    },
  }
}

/** b xᵇ⁻¹; 0 for an exponent of 0, also at x = 0. */
function powerSlope(f: Formula, x: string, exponent: string): string {
  const constant = f.graph.constantOf(exponent)
  const numbers = constant === undefined ? [] : readNumbers(constant)
  if (numbers.length === 1) {
    const [b] = numbers as [number]
    // Multiplications are exact for negative x too; some devices compute Pow as exp(b ln x).
    if (b === 0) return f.product(0, x)
    if (b === 1) return f.sum(f.product(0, x), 1)
    if (b === 2) return f.product(2, x)
    if (b === 3) return f.product(3, f.square(x))
    return f.product(b, f.power(x, b - 1))
  }
  const float = isFloat(f.graph.typeOf(exponent)) ? exponent : f.indicator(exponent)
  const slope = f.product(float, f.power(x, f.difference(float, 1)))
  return f.choose(f.isEqual(float, 0), 0, slope)
}
