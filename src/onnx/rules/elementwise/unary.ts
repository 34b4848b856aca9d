import type { OnnxNode } from '../../model/onnx-model.js'
import { Formula } from '../formula.js'
import type { Rule } from '../rule.js'

/** What the derivative of a function of one number is made of. */
interface Point {
  readonly formula: Formula
  /** The function's input, and its output. */
  readonly x: string
  readonly y: string
  readonly node: OnnxNode
}

/** Returns the rule of a function that is applied to each element, from its derivative. */
export function createUnaryRule(derivative: (point: Point) => string): Rule {
  return {
    differentiate(node, [delta], graph) {
      const formula = new Formula(graph)
      const [x, y] = [node.inputs[0]!, node.outputs[0]!]
      return [formula.product(delta!, derivative({ formula, x, y, node }))]
    },
  }
}

/**
 * Returns the rule of a function whose derivative is 0 or 1, from where it is 1. A gradient that is infinite doesn't
 * make NaN where it is cut off.
 */
export function createGateRule(isOpen: (point: Point) => string): Rule {
  return {
    differentiate(node, [delta], graph) {
      const formula = new Formula(graph)
      const [x, y] = [node.inputs[0]!, node.outputs[0]!]
      return [formula.choose(isOpen({ formula, x, y, node }), delta!, 0)]
    },
  }
}
