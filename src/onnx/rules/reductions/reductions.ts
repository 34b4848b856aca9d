import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { countFromZero, range, readConstantInput } from '../constants.js'
import { Formula } from '../formula.js'
import type { Rule, Rules } from '../rule.js'

/** A reduction of x to y; both results have the rank of x. */
interface Reduction {
  readonly formula: Formula
  readonly x: string
  readonly y: string
  readonly delta: string
  readonly axes: readonly number[]
}

/** Reductions over axes. */
export const reductions: Rules = {
  ReduceSum: createReductionRule(({ delta }) => delta),
  ReduceMean: createReductionRule(({ formula: f, x, y, delta, axes }) =>
    f.quotient(delta, countTerms(f.graph, x, y, axes)),
  ),
  ReduceMax: createReductionRule(shareAmongEqual),
  ReduceMin: createReductionRule(shareAmongEqual),
  ReduceProd: createReductionRule(multiplyOthers),
  ReduceL1: createReductionRule(({ formula: f, x, delta }) => f.product(delta, f.apply('Sign', x))),
  // 0 where all are 0, as in PyTorch.
  ReduceL2: createReductionRule(({ formula: f, x, y, delta }) => {
    const isZero = f.isEqual(y, 0)
    return f.product(x, f.choose(isZero, 0, f.quotient(delta, f.choose(isZero, 1, y))))
  }),
  ReduceLogSum: createReductionRule(({ formula: f, y, delta }) =>
    f.product(delta, f.apply('Exp', f.apply('Neg', y))),
  ),
  ReduceLogSumExp: createReductionRule(({ formula: f, x, y, delta }) =>
    f.product(delta, f.apply('Exp', f.difference(x, y))),
  ),
  ReduceSumSquare: createReductionRule(({ formula: f, x, delta }) =>
    f.product(delta, f.product(2, x)),
  ),
}

/** @param derivative the gradient of x, or what becomes it by broadcast */
function createReductionRule(derivative: (reduction: Reduction) => string): Rule {
  return {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [x] = node.inputs as [string]
      const axes = readAxes(node, graph)
      const isKept = readInt(node, 'keepdims', 1) === 1 || axes.length === 0
      const widen = (tensor: string): string =>
        isKept ? tensor : graph.add('Unsqueeze', [tensor, graph.integers(...axes)])
      const gradient = derivative({
        formula: new Formula(graph),
        x,
        y: widen(node.outputs[0]!),
        delta: widen(delta!),
        axes,
      })
      return [graph.add('Expand', [gradient, graph.shapeOf(x)])]
    },
  }
}

/** Returns the axes that a node reduces over: all of them by default. */
function readAxes(node: OnnxNode, graph: GradientGraph): number[] {
  const rank = graph.rankOf(node.inputs[0]!)
  const axes = readConstantInput(node, 1, 'axes', graph) ?? []
  if (axes.length > 0) return countFromZero(axes, rank)
  return readInt(node, 'noop_with_empty_axes', 0) === 1 ? [] : range(rank)
}

/** Returns how many terms each sum has: a number, or a tensor where it depends on the batch. */
function countTerms(
  graph: GradientGraph,
  x: string,
  y: string,
  axes: readonly number[],
): number | string {
  const lengths = axes.map((axis) => graph.lengthOf(x, axis))
  if (lengths.every((length) => length !== null)) return lengths.reduce((a, b) => a * b, 1)
  const sizes = [x, y].map((tensor) => graph.add('Cast', [graph.add('Size', [tensor])], { to: 1 }))
  return graph.add('Div', sizes)
}

/** Those that are tied share the gradient equally. */
function shareAmongEqual({ formula: f, x, y, delta, axes }: Reduction): string {
  const isChosen = f.indicator(f.isEqual(x, y))
  return f.product(isChosen, f.quotient(delta, f.sumOver(isChosen, axes)))
}

/** The product of the other factors, also where some are zero. */
function multiplyOthers({ formula: f, x, delta, axes }: Reduction): string {
  const { graph } = f
  const isZero = f.isEqual(x, 0)
  const factor = f.choose(isZero, 1, x)
  const zeros = f.indicator(isZero)
  const otherZeros = f.difference(f.sumOver(zeros, axes), zeros)
  const product =
    axes.length === 0 ? factor : graph.add('ReduceProd', [factor, graph.integers(...axes)])
  const others = f.choose(f.isEqual(otherZeros, 0), f.quotient(product, factor), 0)
  return f.product(delta, others)
}
