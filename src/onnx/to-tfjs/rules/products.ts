import { readFloat, readInt, readString } from '../../model/attributes.js'
import { fixedLength, isEqual, isSameShape, type Length } from '../length.js'
import { type Operator, requireInput, type Rules } from '../rule.js'
import { broadcast, createValue, Refusal, requireFixed, requireSize } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import { intAttribute, textAttribute, type TfNode } from '../tf-graph.js'
import { applyFormula } from './elementwise.js'

export const productRules: Rules = {
  MatMul: multiplyMatrices,
  /** alpha · A · B + beta · C. */
  Gemm(operator) {
    const { node, graph } = operator
    const [a, b] = requireFloats(operator, 2) as [TensorValue, TensorValue]
    const isTransposed = [
      readInt(node, 'transA', 0) === 1,
      readInt(node, 'transB', 0) === 1,
    ] as const
    const [rows, inner] = isTransposed[0] ? a.shape.toReversed() : a.shape
    const [otherInner, columns] = isTransposed[1] ? b.shape.toReversed() : b.shape
    requireSame(inner!, otherInner!)
    requireFixed(a.shape, isTransposed[0] ? 0 : 1)
    const scale = (value: TensorValue, factor: number): TensorValue =>
      factor === 1
        ? value
        : applyFormula(graph, 'float32', [value], (own, x) =>
            own.add('Mul', [x, own.number(factor)]),
          )
    const product = createValue(
      'float32',
      [rows!, columns!],
      'first',
      graph.matMul(graph.first(a), graph.first(b), isTransposed),
    )
    const scaled = scale(product, readFloat(node, 'alpha', 1))
    const bias = operator.inputs[2]
    if (bias === undefined) return scaled
    const terms = [scaled, scale(bias, readFloat(node, 'beta', 1))]
    return applyFormula(graph, 'float32', terms, (own, ...nodes) => own.add('AddV2', nodes))
  },
  Einsum(operator) {
    const { node, graph, inputs } = operator
    const equation = readString(node, 'equation', '').replaceAll(' ', '')
    const [left = '', right] = equation.split('->')
    const terms = left.split(',')
    const isPlain =
      right !== undefined &&
      !equation.includes('.') &&
      terms.length <= 2 &&
      [...terms, right].every((labels) => new Set(labels).size === labels.length)
    if (!isPlain) {
      throw new Refusal(
        `its equation '${equation}' isn't supported; expected one or two inputs and an output, without ellipses and ` +
          'repeated labels',
      )
    }
    requireFloats(operator, terms.length)
    const lengths = new Map<string, Length>()
    for (const [k, labels] of terms.entries()) {
      for (const [axis, label] of Array.from(labels).entries()) {
        const length = requireInput(operator, k).shape[axis]!
        requireSame(lengths.get(label) ?? length, length)
        if (!right.includes(label)) requireFixed(requireInput(operator, k).shape, axis)
        lengths.set(label, length)
      }
    }
    const nodes = inputs.map((_, k) => graph.first(requireInput(operator, k)))
    const shape = Array.from(right).map((label) => lengths.get(label)!)
    const sum = graph.add('Einsum', nodes, {
      equation: textAttribute(equation),
      N: intAttribute(nodes.length),
    })
    return createValue('float32', shape, 'first', sum)
  },
}

function requireFloats(operator: Operator, count: number): TensorValue[] {
  const values = Array.from({ length: count }, (_, at) => requireInput(operator, at))
  if (values.every(({ type }) => type === 'float32')) return values
  throw new Refusal(`${operator.node.op} of integers isn't supported`)
}

function requireSame(a: Length, b: Length): void {
  if (isEqual(a, b)) return
  throw new Refusal('its inputs do not fit together for every number of examples')
}

/** Vectors are matrices of one row or one column, whose axis the result doesn't have. */
function multiplyMatrices(operator: Operator): TensorValue {
  const { graph } = operator
  const [a, b] = requireFloats(operator, 2) as [TensorValue, TensorValue]
  const one = fixedLength(1)
  const left = a.shape.length === 1 ? [one, ...a.shape] : a.shape
  const right = b.shape.length === 1 ? [...b.shape, one] : b.shape
  requireSame(left.at(-1)!, right.at(-2)!)
  requireFixed(a.shape, a.shape.length - 1)
  const outer = broadcast([left.slice(0, -2), right.slice(0, -2)])
  const shape = [...outer, left.at(-2)!, right.at(-1)!]
  const [x, y] = [reshaped(operator, a, left), reshaped(operator, b, right)]
  const product =
    right.length === 2 && left.length > 2
      ? graph.reshape(
          graph.matMul(graph.reshape(x, [requireSize(left.slice(0, -1)), left.at(-1)!]), y),
          shape,
        )
      : multiplyBatches(operator, [x, y], [left, right], shape)
  const kept = shape.filter(
    (_, axis) =>
      !(a.shape.length === 1 && axis === shape.length - 2) &&
      !(b.shape.length === 1 && axis === shape.length - 1),
  )
  const result = kept.length === shape.length ? product : graph.reshape(product, kept)
  return createValue('float32', kept, 'first', result)
}

const reshaped = ({ graph }: Operator, value: TensorValue, shape: readonly Length[]): TfNode =>
  shape.length === value.shape.length
    ? graph.first(value)
    : graph.reshape(graph.first(value), shape)

/**
 * TensorFlow.js repeats one of two batches of matrices, not both along different axes, and has four axes at most: other
 * batches are repeated beforehand, and become one axis.
 */
function multiplyBatches(
  { graph }: Operator,
  nodes: readonly [TfNode, TfNode],
  shapes: readonly [readonly Length[], readonly Length[]],
  shape: readonly Length[],
): TfNode {
  const outer = shape.slice(0, -2)
  const isWhole = shapes.map((own) => isSameShape(own.slice(0, -2), outer))
  if (shape.length <= 4 && (isWhole[0] === true || isWhole[1] === true))
    return graph.matMul(...nodes)
  const flat = [requireSize(outer)]
  const [x, y] = nodes.map((node, k) => {
    const full = [...outer, ...shapes[k]!.slice(-2)]
    const repeated =
      isWhole[k] === true ? node : graph.add('BroadcastTo', [node, graph.shapeVector(full)])
    return graph.reshape(repeated, [...flat, ...full.slice(-2)])
  }) as [TfNode, TfNode]
  return graph.reshape(graph.matMul(x, y), shape)
}
