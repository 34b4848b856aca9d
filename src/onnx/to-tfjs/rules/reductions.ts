import { readInt } from '../../model/attributes.js'
import { fixedLength, isFixed } from '../length.js'
import {
  normalizeAxis,
  type Operator,
  readNumbersOf,
  requireInput,
  type Rule,
  type Rules,
} from '../rule.js'
import { createValue, Refusal, requireFixed, type TensorGraph } from '../tensor-graph.js'
import { axisIn, isOnlyLast, type Layout, type TensorValue } from '../tensor-value.js'
import type { TfNode } from '../tf-graph.js'
import { euclideanNorm } from './norms.js'

type Reduce = (graph: TensorGraph, x: TfNode, axes: readonly number[], keepsAxes: boolean) => TfNode

const plain =
  (op: string): Reduce =>
  (graph, x, axes, keepsAxes) =>
    graph.reduce(op, x, axes, keepsAxes)

const sumOf =
  (op: string): Reduce =>
  (graph, x, axes, keepsAxes) =>
    graph.reduce('Sum', graph.add(op, [x]), axes, keepsAxes)

/** max + log Σ exp(x − max), which doesn't overflow. */
const logSumExp: Reduce = (graph, x, axes, keepsAxes) => {
  const most = graph.add('StopGradient', [graph.reduce('Max', x, axes, true)])
  const sum = graph.reduce('Sum', graph.add('Exp', [graph.add('Sub', [x, most])]), axes, keepsAxes)
  const added = keepsAxes
    ? most
    : graph.add('Squeeze', [most], { squeeze_dims: { list: { i: axes.map(String) } } })
  return graph.add('AddV2', [graph.add('Log', [sum]), added])
}

export const reductionRules: Rules = {
  ReduceMax: reduction(plain('Max')),
  ReduceMean: reduction(plain('Mean')),
  ReduceMin: reduction(plain('Min')),
  ReduceProd: reduction(plain('Prod')),
  ReduceSum: reduction(plain('Sum')),
  ReduceL1: reduction(sumOf('Abs')),
  ReduceL2: reduction((graph, x, axes, keepsAxes) =>
    euclideanNorm(graph, graph.reduce('Sum', graph.add('Square', [x]), axes, keepsAxes)),
  ),
  ReduceSumSquare: reduction(sumOf('Square')),
  ReduceLogSum: reduction((graph, x, axes, keepsAxes) =>
    graph.add('Log', [graph.reduce('Sum', x, axes, keepsAxes)]),
  ),
  ReduceLogSumExp: reduction(logSumExp),
  Softmax: alongAxis('Softmax'),
  LogSoftmax: alongAxis('LogSoftmax'),
  ArgMax(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    if (readInt(node, 'select_last_index', 0) === 1) {
      throw new Refusal("select_last_index isn't supported")
    }
    const axis = normalizeAxis(readInt(node, 'axis', 0), value.shape.length)
    requireFixed(value.shape, axis)
    const index = graph.add('ArgMax', [graph.first(value), graph.integer(axis)])
    const kept = value.shape.map((length, k) => (k === axis ? fixedLength(1) : length))
    if (readInt(node, 'keepdims', 1) === 1) {
      return createValue('int32', kept, 'first', graph.reshape(index, kept))
    }
    return createValue(
      'int32',
      value.shape.filter((_, k) => k !== axis),
      'first',
      index,
    )
  },
}

function reduction(reduce: Reduce): Rule {
  return (operator) => {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const rank = value.shape.length
    const given = readNumbersOf(operator, 1) ?? []
    // Those that still apply a function are other operators after normalizeModel.
    if (given.length === 0 && readInt(node, 'noop_with_empty_axes', 0) === 1) return value
    const axes =
      given.length === 0
        ? value.shape.map((_, axis) => axis)
        : given.map((axis) => normalizeAxis(axis, rank))
    return reduceAxes(operator, value, axes, reduce, graph)
  }
}

function reduceAxes(
  { node }: Operator,
  value: TensorValue,
  axes: readonly number[],
  reduce: Reduce,
  graph: TensorGraph,
): TensorValue {
  if (value.type !== 'float32') throw new Refusal(`${node.op} of integers isn't supported`)
  const mixed = axes.find((axis) => !isFixed(value.shape[axis]!))
  if (mixed !== undefined) {
    throw new Refusal(`it combines different examples, along axis ${mixed}`)
  }
  if (axes.some((axis) => value.shape[axis]!.fixed === 0)) {
    throw new Refusal(`${node.op} of an axis without elements isn't supported`)
  }
  const keepsAxes = readInt(node, 'keepdims', 1) === 1
  const rank = value.shape.length
  const shape = keepsAxes
    ? value.shape.map((length, axis) => (axes.includes(axis) ? fixedLength(1) : length))
    : value.shape.filter((_, axis) => !axes.includes(axis))
  // Removing axis 0 moves the channels from axis 1 to axis 0.
  const losesOrder = !keepsAxes && axes.includes(0)
  const layout: Layout = isOnlyLast(value) && !losesOrder ? 'last' : 'first'
  const own = axes.map((axis) => axisIn(layout, axis, rank)).sort((a, b) => a - b)
  const reduced = reduce(graph, graph.in(layout, value), own, keepsAxes)
  // Without the channels, the other axes are in ONNX's order.
  const isOrdered = !keepsAxes && axes.includes(1)
  return createValue('float32', shape, isOrdered ? 'first' : layout, reduced)
}

/** An operator along one axis, which TensorFlow.js computes along the last one. */
function alongAxis(op: string): Rule {
  return (operator) => {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const rank = value.shape.length
    const axis = normalizeAxis(readInt(node, 'axis', -1), rank)
    requireFixed(value.shape, axis)
    if (value.type !== 'float32') throw new Refusal(`${op} of integers isn't supported`)
    if (axis === 1 && rank > 2) {
      return createValue('float32', value.shape, 'last', graph.add(op, [graph.last(value)]))
    }
    const order = [...value.shape.keys()].filter((k) => k !== axis)
    const moved = graph.transpose(graph.first(value), [...order, axis])
    const back = [...value.shape.keys()].map((k) => [...order, axis].indexOf(k))
    return createValue(
      'float32',
      value.shape,
      'first',
      graph.transpose(graph.add(op, [moved]), back),
    )
  }
}
