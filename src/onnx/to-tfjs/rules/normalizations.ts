import { readFloat, readInt } from '../../model/attributes.js'
import { countElements, fixedLength, isFixed, type Length } from '../length.js'
import { normalizeAxis, type Operator, requireInput, type Rules } from '../rule.js'
import { createValue, Refusal, requireFixed, type TensorGraph } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import { floatAttribute, type TfNode } from '../tf-graph.js'
import { applyFormula } from './elementwise.js'
import { divideByNorm } from './norms.js'
import { readImage } from './windows.js'

export const normalizationRules: Rules = {
  BatchNormalization(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    if (readInt(node, 'training_mode', 0) === 1) {
      throw new Refusal('it is in training mode. Export the model for inference')
    }
    const [scale, offset, mean, variance] = [1, 2, 3, 4].map((at) =>
      graph.first(requireInput(operator, at)),
    ) as [TfNode, TfNode, TfNode, TfNode]
    const x = graph.last(value)
    const shape = value.shape.length < 3 ? value.shape : lastShape(value.shape)
    const image = shape.length === 4 ? x : graph.reshape(x, asImage(shape))
    const normal = graph.add('FusedBatchNormV3', [image, scale, offset, mean, variance], {
      epsilon: floatAttribute(readFloat(node, 'epsilon', 1e-5)),
    })
    const result = shape.length === 4 ? normal : graph.reshape(normal, shape)
    return createValue('float32', value.shape, 'last', result)
  },
  /** Each channel of each example. */
  InstanceNormalization(operator) {
    const { node, graph } = operator
    const { value, lengths } = readImage(operator)
    const axes = lengths.map((_, k) => k + 1)
    const normal = standardize(graph, graph.last(value), axes, readFloat(node, 'epsilon', 1e-5))
    return createValue('float32', value.shape, 'last', scaleChannels(operator, normal))
  },
  /** Groups of channels of each example. */
  GroupNormalization(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const { shape } = value
    const groups = readInt(node, 'num_groups', 1)
    const perGroup = requireFixed(shape, 1) / groups
    // Before version 21, scale and bias are those of groups.
    const isPerChannel = requireFixed(requireInput(operator, 1).shape, 0) === requireFixed(shape, 1)
    if (!isPerChannel && perGroup !== 1) {
      throw new Refusal(
        'its scale has an element per group; expected one per channel, as from opset 21 on',
      )
    }
    const spatial = shape.slice(2)
    const [examples] = shape as [Length]
    const size = countElements(spatial)!
    const split = [examples, size, fixedLength(groups), fixedLength(perGroup)]
    const x = graph.reshape(graph.last(value), split)
    const normal = standardize(graph, x, [1, 3], readFloat(node, 'epsilon', 1e-5))
    const joined = graph.reshape(normal, [examples, ...spatial, shape[1]!])
    return createValue('float32', shape, 'last', scaleChannels(operator, joined))
  },
  LayerNormalization(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const axes = axesFrom(operator, value)
    const normal = standardize(graph, graph.first(value), axes, readFloat(node, 'epsilon', 1e-5))
    return scaleAndShift(operator, createValue('float32', value.shape, 'first', normal))
  },
  RMSNormalization(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const x = graph.first(value)
    const square = graph.reduce('Mean', graph.add('Square', [x]), axesFrom(operator, value), true)
    const normal = graph.add('Mul', [
      x,
      inverseRoot(graph, square, readFloat(node, 'epsilon', 1e-5)),
    ])
    return scaleAndShift(operator, createValue('float32', value.shape, 'first', normal))
  },
  LpNormalization(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const axis = normalizeAxis(readInt(node, 'axis', -1), value.shape.length)
    requireFixed(value.shape, axis)
    const isEuclidean = readInt(node, 'p', 2) === 2
    const normal = divideByNorm(graph, graph.first(value), axis, isEuclidean)
    return createValue('float32', value.shape, 'first', normal)
  },
}

const lastShape = ([examples, channels, ...spatial]: readonly Length[]): Length[] => [
  examples!,
  ...spatial,
  channels!,
]

/** The shape of an image with as many channels, [N, 1, …, C]. */
function asImage(shape: readonly Length[]): Length[] {
  const middle = countElements(shape.slice(1, -1))!
  return [shape[0]!, fixedLength(1), middle, shape.at(-1)!]
}

function axesFrom({ node }: Operator, { shape }: TensorValue): number[] {
  const axis = normalizeAxis(readInt(node, 'axis', -1), shape.length)
  const axes = [...shape.keys()].slice(axis)
  if (axes.every((each) => isFixed(shape[each]!))) return axes
  throw new Refusal('it normalizes different examples together')
}

const inverseRoot = (graph: TensorGraph, x: TfNode, epsilon: number): TfNode =>
  graph.add('Rsqrt', [graph.add('AddV2', [x, graph.number(epsilon)])])

/** (x − mean) / √(variance + ε). */
function standardize(
  graph: TensorGraph,
  x: TfNode,
  axes: readonly number[],
  epsilon: number,
): TfNode {
  const centred = graph.add('Sub', [x, graph.reduce('Mean', x, axes, true)])
  const variance = graph.reduce('Mean', graph.add('Square', [centred]), axes, true)
  return graph.add('Mul', [centred, inverseRoot(graph, variance, epsilon)])
}

/** Multiplies by a vector of scales, and adds one of offsets, along the channels, which are last. */
function scaleChannels(operator: Operator, x: TfNode): TfNode {
  const { graph } = operator
  const [scale, offset] = [1, 2].map((at) => graph.first(requireInput(operator, at))) as [
    TfNode,
    TfNode,
  ]
  return graph.add('AddV2', [graph.add('Mul', [x, scale]), offset])
}

function scaleAndShift(operator: Operator, value: TensorValue): TensorValue {
  const { graph, inputs } = operator
  const scaled = applyFormula(
    graph,
    'float32',
    [value, requireInput(operator, 1)],
    (own, ...nodes) => own.add('Mul', nodes),
  )
  const offset = inputs[2]
  return offset === undefined
    ? scaled
    : applyFormula(graph, 'float32', [scaled, offset], (own, ...nodes) => own.add('AddV2', nodes))
}
