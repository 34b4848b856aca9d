import { readFloat, readString } from '../../model/attributes.js'
import type { Rules } from '../rule.js'
import { Refusal, type TensorGraph } from '../tensor-graph.js'
import { floatAttribute, type TfNode } from '../tf-graph.js'
import { unary } from './elementwise.js'

const multiply = (graph: TensorGraph, x: TfNode, factor: number | TfNode): TfNode =>
  factor === 1
    ? x
    : graph.add('Mul', [x, typeof factor === 'number' ? graph.number(factor) : factor])

const increase = (graph: TensorGraph, x: TfNode, by: number | TfNode): TfNode =>
  by === 0 ? x : graph.add('AddV2', [x, typeof by === 'number' ? graph.number(by) : by])

const clipToUnit = (graph: TensorGraph, x: TfNode): TfNode =>
  graph.add('ClipByValue', [x, graph.number(0), graph.number(1)])

/** x for positive numbers, and scale · (exp(x / width) − 1) for others. */
function exponentialUnit(graph: TensorGraph, x: TfNode, scale: number, width: number): TfNode {
  if (scale === 1 && width === 1) return graph.add('Elu', [x])
  const negative = graph.add('Minimum', [x, graph.number(0)])
  const curved = graph.add('Elu', [multiply(graph, negative, 1 / width)])
  return increase(graph, graph.add('Relu', [x]), multiply(graph, curved, scale))
}

const hardSigmoid = (graph: TensorGraph, x: TfNode, alpha: number, beta: number): TfNode =>
  clipToUnit(graph, increase(graph, multiply(graph, x, alpha), beta))

/** Of ONNX's definition, in float32. */
const selu = { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 }

export const activationRules: Rules = {
  Celu: unary(({ node }) => {
    const alpha = readFloat(node, 'alpha', 1)
    if (alpha <= 0) throw new Refusal(`its alpha is ${alpha}; expected a positive number`)
    return (graph, x) => exponentialUnit(graph, x, alpha, alpha)
  }),
  Elu: unary(
    ({ node }) =>
      (graph, x) =>
        exponentialUnit(graph, x, readFloat(node, 'alpha', 1), 1),
  ),
  /** The error function by default, else its approximation by tanh. */
  Gelu: unary(({ node }) => (graph, x) => {
    const isTanh = readString(node, 'approximate', 'none') === 'tanh'
    const inner = isTanh
      ? multiply(
          graph,
          increase(
            graph,
            x,
            multiply(graph, graph.add('Mul', [graph.add('Square', [x]), x]), 0.044715),
          ),
          Math.sqrt(2 / Math.PI),
        )
      : multiply(graph, x, Math.SQRT1_2)
    const share = increase(graph, graph.add(isTanh ? 'Tanh' : 'Erf', [inner]), 1)
    return multiply(graph, graph.add('Mul', [x, share]), 0.5)
  }),
  HardSigmoid: unary(
    ({ node }) =>
      (graph, x) =>
        hardSigmoid(graph, x, readFloat(node, 'alpha', 0.2), readFloat(node, 'beta', 0.5)),
  ),
  HardSwish: unary(() => (graph, x) => multiply(graph, x, hardSigmoid(graph, x, 1 / 6, 0.5))),
  LeakyRelu: unary(
    ({ node }) =>
      (graph, x) =>
        graph.add('LeakyRelu', [x], { alpha: floatAttribute(readFloat(node, 'alpha', 0.01)) }),
  ),
  Mish: unary(
    () => (graph, x) => multiply(graph, x, graph.add('Tanh', [graph.add('Softplus', [x])])),
  ),
  Selu: unary(({ node }) => (graph, x) => {
    const alpha = readFloat(node, 'alpha', selu.alpha)
    return multiply(
      graph,
      exponentialUnit(graph, x, alpha, 1),
      readFloat(node, 'gamma', selu.gamma),
    )
  }),
  Softsign: unary(
    () => (graph, x) => graph.add('RealDiv', [x, increase(graph, graph.add('Abs', [x]), 1)]),
  ),
  ThresholdedRelu: unary(({ node }) => (graph, x) => {
    const alpha = graph.number(readFloat(node, 'alpha', 1))
    return multiply(graph, x, graph.cast(graph.add('Greater', [x, alpha]), 'float32'))
  }),
}
