import { readFloat, readInt } from '../../model/attributes.js'
import { readCastType } from '../element-types.js'
import { type Operator, requireInput, type Rule, type Rules } from '../rule.js'
import { broadcast, chooseLayout, createValue, Refusal, type TensorGraph } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import { floatAttribute, intAttribute, type TfNode, type TfType } from '../tf-graph.js'

/** Computes a node from nodes whose axes are aligned. */
export type Formula = (graph: TensorGraph, ...nodes: TfNode[]) => TfNode

/** Applies a formula to tensors that are broadcast to one shape. */
export function applyFormula(
  graph: TensorGraph,
  type: TfType,
  values: readonly TensorValue[],
  formula: Formula,
): TensorValue {
  const shape = broadcast(values.map((value) => value.shape))
  const layout = chooseLayout(values, shape.length)
  const nodes = values.map((value) => graph.aligned(value, shape.length, layout))
  return createValue(type, shape, layout, formula(graph, ...nodes))
}

const givenInputs = ({ inputs }: Operator): TensorValue[] =>
  inputs.filter((input) => input !== undefined)

/** An operator that TensorFlow.js has, of floats alone or also of integers. */
const direct =
  (op: string, types: readonly TfType[] = ['float32'], result?: TfType): Rule =>
  (operator) => {
    const values = givenInputs(operator)
    const type = requireType(operator, values.at(-1)!, types)
    return applyFormula(operator.graph, result ?? type, values, (graph, ...nodes) =>
      graph.add(op, nodes),
    )
  }

function requireType({ node }: Operator, { type }: TensorValue, types: readonly TfType[]): TfType {
  if (types.includes(type)) return type
  throw new Refusal(`${node.op} of ${type} isn't supported; expected ${types.join(' or ')}`)
}

/** An operator of any number of inputs, two at a time. */
const pairwise =
  (op: string): Rule =>
  (operator) =>
    givenInputs(operator).reduce((a, b) =>
      applyFormula(operator.graph, a.type, [a, b], (graph, ...nodes) => graph.add(op, nodes)),
    )

/** An operator of one float tensor, as a formula of others. */
export const unary =
  (create: (operator: Operator) => Formula): Rule =>
  (operator) => {
    const value = requireInput(operator, 0)
    requireType(operator, value, ['float32'])
    return applyFormula(operator.graph, 'float32', [value], create(operator))
  }

const numbers: readonly TfType[] = ['float32', 'int32']

export const elementwiseRules: Rules = {
  ...Object.fromEntries(
    [
      ...['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Erf', 'Exp'],
      ...['Floor', 'Log', 'Reciprocal', 'Relu', 'Sigmoid', 'Sign', 'Sin', 'Sinh', 'Softplus'],
      ...['Sqrt', 'Tan', 'Tanh', 'Round'],
    ].map((op) => [op, direct(op)]),
  ),
  Abs: direct('Abs', numbers),
  Neg: direct('Neg', numbers),
  Add: direct('AddV2', numbers),
  Sub: direct('Sub', numbers),
  Mul: direct('Mul', numbers),
  // The quotient of integers is rounded in another way.
  Div: direct('RealDiv'),
  Pow: (operator) => {
    const [base, exponent] = [requireInput(operator, 0), requireInput(operator, 1)]
    if (base.type !== 'float32') throw new Refusal("powers of integers aren't supported")
    const power =
      exponent.type === 'float32'
        ? exponent
        : applyFormula(operator.graph, 'float32', [exponent], (graph, x) =>
            graph.cast(x, 'float32'),
          )
    return applyFormula(operator.graph, 'float32', [base, power], (graph, ...nodes) =>
      graph.add('Pow', nodes),
    )
  },
  PRelu: direct('Prelu'),
  Max: pairwise('Maximum'),
  Min: pairwise('Minimum'),
  Sum: pairwise('AddV2'),
  Mean: (operator) => {
    const sum = pairwise('AddV2')(operator) as TensorValue
    const share = 1 / givenInputs(operator).length
    return applyFormula(operator.graph, 'float32', [sum], (graph, x) =>
      graph.add('Mul', [x, graph.number(share)]),
    )
  },
  Equal: direct('Equal', ['float32', 'int32', 'bool'], 'bool'),
  Greater: direct('Greater', numbers, 'bool'),
  GreaterOrEqual: direct('GreaterEqual', numbers, 'bool'),
  Less: direct('Less', numbers, 'bool'),
  LessOrEqual: direct('LessEqual', numbers, 'bool'),
  And: direct('LogicalAnd', ['bool'], 'bool'),
  Or: direct('LogicalOr', ['bool'], 'bool'),
  Xor: direct('NotEqual', ['bool'], 'bool'),
  Not: direct('LogicalNot', ['bool'], 'bool'),
  Where: direct('SelectV2', ['float32', 'int32', 'bool']),
  Identity: (operator) => requireInput(operator, 0),
  Cast: (operator) => {
    const value = requireInput(operator, 0)
    const type = readCastType(operator.node, value.type)
    if (type === value.type) return value
    return applyFormula(operator.graph, type, [value], (graph, x) =>
      type === 'bool'
        ? graph.add('NotEqual', [x, value.type === 'int32' ? graph.integer(0) : graph.number(0)])
        : graph.cast(x, type),
    )
  },
  Clip: (operator) => {
    const value = requireInput(operator, 0)
    const [, low, high] = operator.inputs
    const raised = low === undefined ? value : bound(operator, value, low, 'Maximum')
    return high === undefined ? raised : bound(operator, raised, high, 'Minimum')
  },
  LRN: (operator) => {
    const value = requireInput(operator, 0)
    const { node, graph } = operator
    const size = readInt(node, 'size', 1)
    if (value.shape.length !== 4 || size % 2 === 0) {
      throw new Refusal(`LRN of ${value.shape.length} axes over ${size} channels isn't supported`)
    }
    const attributes = {
      depth_radius: intAttribute((size - 1) / 2),
      bias: floatAttribute(readFloat(node, 'bias', 1)),
      alpha: floatAttribute(readFloat(node, 'alpha', 1e-4) / size),
      beta: floatAttribute(readFloat(node, 'beta', 0.75)),
    }
    return createValue(
      'float32',
      value.shape,
      'last',
      graph.add('LRN', [graph.last(value)], attributes),
    )
  },
}

const bound = (
  { graph }: Operator,
  value: TensorValue,
  limit: TensorValue,
  op: string,
): TensorValue =>
  applyFormula(graph, value.type, [value, limit], (own, ...nodes) => own.add(op, nodes))
