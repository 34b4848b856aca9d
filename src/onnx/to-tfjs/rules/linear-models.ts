import { readInt, readString } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { fixedLength } from '../length.js'
import { type Operator, requireInput, type Rules } from '../rule.js'
import { createValue, Refusal, requireFixed } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import type { TfNode } from '../tf-graph.js'
import { applyFormula } from './elementwise.js'
import { divideByNorm } from './norms.js'

/** The operators that skl2onnx writes for linear models, of the domain ai.onnx.ml. */
export const linearModelRules: Rules = {
  /** The second output, the scores of the classes. The first one, the label, has no gradient. */
  LinearClassifier(operator) {
    const { node, graph } = operator
    const labels = node.attributes['classlabels_ints'] ?? node.attributes['classlabels_strings']
    const count = labels?.kind === 'ints' || labels?.kind === 'strings' ? labels.value.length : 0
    const scores = computeScores(operator, count)
    const transform = readString(node, 'post_transform', 'NONE')
    if (transform === 'NONE') return [undefined, scores]
    const op = { SOFTMAX: 'Softmax', LOGISTIC: 'Sigmoid' }[transform]
    if (op === undefined) throw new Refusal(`its post_transform ${transform} isn't supported`)
    const shares = graph.add(op, [graph.first(scores)])
    return [undefined, createValue('float32', scores.shape, 'first', shares)]
  },
  LinearRegressor(operator) {
    const transform = readString(operator.node, 'post_transform', 'NONE')
    if (transform !== 'NONE') throw new Refusal(`its post_transform ${transform} isn't supported`)
    return computeScores(operator, readInt(operator.node, 'targets', 1))
  },
  /** (x − offset) · scale. */
  Scaler(operator) {
    const { graph, node } = operator
    const value = requireFloat(operator)
    const [offset, scale] = ['offset', 'scale'].map((name): TensorValue => {
      const data = Float32Array.from(readFloats(node, name))
      const shape = [data.length]
      const first = graph.constant({ data, shape }, 'float32')
      return { type: 'float32', shape: shape.map(fixedLength), first }
    }) as [TensorValue, TensorValue]
    const centred = applyFormula(graph, 'float32', [value, offset], (own, ...nodes) =>
      own.add('Sub', nodes),
    )
    return applyFormula(graph, 'float32', [centred, scale], (own, ...nodes) =>
      own.add('Mul', nodes),
    )
  },
  /** Divides each example by its norm; zeros stay zeros. */
  Normalizer(operator) {
    const { graph, node } = operator
    const value = requireFloat(operator)
    const norm = readString(node, 'norm', 'MAX')
    if (norm === 'MAX' || value.shape.length !== 2) {
      throw new Refusal(`the norm ${norm} of ${value.shape.length} axes isn't supported`)
    }
    const normal = divideByNorm(graph, graph.first(value), 1, norm === 'L2')
    return createValue('float32', value.shape, 'first', normal)
  },
}

function requireFloat(operator: Operator): TensorValue {
  const value = requireInput(operator, 0)
  if (value.type === 'float32') return value
  throw new Refusal(`${operator.node.op} of ${value.type} isn't supported`)
}

function readFloats({ attributes }: OnnxNode, name: string): readonly number[] {
  const attribute = attributes[name]
  return attribute?.kind === 'floats' ? attribute.value : []
}

/** x · coefficientsᵀ + intercepts, which are parameters with the names of the attributes. */
function computeScores(operator: Operator, count: number): TensorValue {
  const { node, graph } = operator
  const value = requireFloat(operator)
  const features = requireFixed(value.shape, 1)
  const coefficients = readFloats(node, 'coefficients')
  if (value.shape.length !== 2 || coefficients.length !== count * features) {
    throw new Refusal(
      `it has ${coefficients.length} coefficients for ${count} outputs of ${features} features`,
    )
  }
  const addParameter = (name: string, shape: readonly number[]): TfNode =>
    graph.parameter(`${node.name || node.outputs[0]!}/${name}`, {
      data: Float32Array.from(readFloats(node, name)),
      shape,
    })
  const w = addParameter('coefficients', [count, features])
  const product = graph.matMul(graph.first(value), w, [false, true])
  const hasIntercepts = readFloats(node, 'intercepts').length > 0
  const sum = hasIntercepts
    ? graph.add('AddV2', [product, addParameter('intercepts', [count])])
    : product
  return createValue('float32', [value.shape[0]!, fixedLength(count)], 'first', sum)
}
