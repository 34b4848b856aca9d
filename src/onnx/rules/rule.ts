import type { OnnxNode } from '../model/onnx-model.js'
import type { GradientGraph } from '../graph/gradient-graph.js'

/** The gradient of a tensor; undefined if there is none, because the output doesn't depend on it. */
export type Gradient = string | undefined

/**
 * The backward rule of an operator: the gradients of its inputs, from those of its outputs.
 *
 * A rule may return the gradient of every input: what isn't needed is removed later. `graph.needs(input)` tells whether
 * one is, for a rule that would have to refuse it. A gradient has the shape of its input. For an input that the
 * operator broadcasts, return `graph.sumTo(input, gradient, output)`: with it, the rule also gives the gradients of
 * single examples where the input is a parameter.
 */
export interface Rule {
  /** The inputs without a gradient, such as shapes, indices and conditions. */
  readonly constantInputs?: readonly number[]
  /**
   * @param node inputs that are left out are ''
   * @param deltas per output, its gradient
   * @returns per input, its gradient; inputs at the end may be left out
   * @throws UnsupportedError for a form of the operator that has no rule
   */
  differentiate(
    node: OnnxNode,
    deltas: readonly Gradient[],
    graph: GradientGraph,
  ): readonly Gradient[]
}

/** The rules of a family of operators, by operator. */
export type Rules = Readonly<Record<string, Rule>>
