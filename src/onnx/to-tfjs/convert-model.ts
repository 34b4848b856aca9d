import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { findChannelsAt } from '../model/input-channels.js'
import { findLayer } from '../model/layers.js'
import type { OnnxModel, OnnxNode } from '../model/onnx-model.js'
import {
  filterOrder,
  isLikelyParameter,
  type SimpleModel,
  simplifyModel,
} from '../model/simple-model.js'
import { isFloat, readNumbers } from '../model/tensor-data.js'
import { toTfType } from './element-types.js'
import { foldOperator } from './fold.js'
import { indicesOf, type KnownValues, readKnown, stridesOf } from './known-values.js'
import { exampleCount, fixedLength, isEqual, isFixed } from './length.js'
import { rulesByDomain } from './registry.js'
import { Refusal, TensorGraph } from './tensor-graph.js'
import { elementsOf, type TensorValue } from './tensor-value.js'
import { type TfNode, type TfType, typeAttribute, type WeightSpec } from './tf-graph.js'

/** A GraphModel of TensorFlow.js, as the parts of its model.json. */
export interface ConvertedModel {
  readonly format: 'graph-model'
  readonly modelTopology: object
  readonly weightSpecs: readonly WeightSpec[]
  readonly signature: object
  readonly userDefinedMetadata: {
    /** The parameters of the ONNX graph, by their nodes' names. */
    readonly parameters: Readonly<Record<string, string>>
    /** Where each input has its channels; null if the graph doesn't tell. */
    readonly channels: readonly ('first' | 'last' | null)[]
    /** Where the tensors of nodes have their channels, as far as the graph tells. */
    readonly nodeChannels: Readonly<Record<string, 'first' | 'last'>>
  }
}

export interface Conversion {
  readonly description: ConvertedModel
  /** In the order of the specs. */
  readonly weights: Uint8Array<ArrayBuffer>
  /**
   * Returns the name of the node that computes a layer, which is an operator or a tensor of the ONNX graph, or the table
   * of an embedding.
   */
  readonly findLayer: (argument: string, layer: unknown) => string
}

/** What of a model is converted, and for which examples. */
export interface ConversionOptions {
  /** The shape of one example, for each input. */
  readonly shapes: readonly (readonly number[])[]
  /** The output, of a model of several. */
  readonly output?: string | undefined
}

/**
 * Converts an ONNX model to a GraphModel of TensorFlow.js, which computes the same for any number of examples of these
 * shapes. Constants keep their names.
 *
 * @throws UnsupportedError for an operator that has no exact equal in TensorFlow.js, and for a fixed number of examples
 * @throws InvalidArgumentError for examples of other shapes than the inputs'
 */
export function convertModel(given: OnnxModel, { shapes, output }: ConversionOptions): Conversion {
  const model = simplifyModel(given, 'ONNX model', { output })
  const graph = new TensorGraph()
  const values = new Map<string, TensorValue>()
  const inputs = addInputs(model, shapes, graph, values)
  addConstants(model, graph, values)
  for (const node of model.nodes) convertNode(node, model, graph, values)
  const result = values.get(model.output)
  if (result?.type !== 'float32' || !isEqual(result.shape[0] ?? fixedLength(1), exampleCount)) {
    throw new UnsupportedError(
      'output',
      `model: its output '${model.output}' is not an array of floats with the examples on the first axis, as a ` +
        'report needs it. Choose another output.',
    )
  }
  const computed = graph.first(result)
  // TensorFlow.js doesn't find an output that is an input.
  const node = computed.op === 'Placeholder' ? graph.add('Identity', [computed]) : computed
  graph.rename(node, model.output)
  const { nodes, weightSpecs, weights, parameters } = graph.finish(
    node,
    inputs.map(({ node: own }) => own),
  )
  const lengths = result.shape.map((length) => ({ size: `${isFixed(length) ? length.fixed : -1}` }))
  return {
    description: {
      format: 'graph-model',
      modelTopology: { node: nodes, versions: { producer: 1 } },
      weightSpecs,
      signature: {
        inputs: Object.fromEntries(
          inputs.map(({ name, type, node: placeholder, lengths: sizes }) => [
            name,
            entry(
              placeholder.name,
              type,
              sizes.map((size) => ({ size: `${size}` })),
            ),
          ]),
        ),
        outputs: { [model.output]: entry(node.name, 'float32', lengths) },
      },
      userDefinedMetadata: {
        parameters,
        channels: model.inputs.map(({ channels = null }) => channels),
        nodeChannels: findNodeChannels(model, values),
      },
    },
    weights,
    findLayer: (argument, layer) => {
      const tensor = findLayer(model, argument, layer, 'outputs').tensors![0]!
      const { first, last } = values.get(tensor)!
      // The graph computes one of them and moves the axes for the other, which only some nodes read.
      const isMoved = first !== undefined && last?.inputs[0] === first
      return ((isMoved ? first : last) ?? first)?.name ?? tensor
    },
  }
}

function findNodeChannels(
  { nodes }: SimpleModel,
  values: ReadonlyMap<string, TensorValue>,
): Record<string, 'first' | 'last'> {
  const channels: Record<string, 'first' | 'last'> = {}
  for (const [tensor, { first, last }] of values) {
    if (last !== undefined) channels[last.name] = 'last'
    const ofFirst = first === undefined ? undefined : findChannelsAt(nodes, tensor)
    if (first !== undefined && ofFirst !== undefined) channels[first.name] = ofFirst
  }
  return channels
}

const entry = (name: string, type: TfType, dim: readonly object[]): object => ({
  name: `${name}:0`,
  dtype: (typeAttribute(type) as { readonly type: string }).type,
  tensorShape: { dim },
})

interface AddedInput {
  readonly name: string
  readonly type: TfType
  readonly node: TensorGraph['nodes'][number]
  readonly lengths: readonly number[]
}

function addInputs(
  { inputs }: SimpleModel,
  shapes: readonly (readonly number[])[],
  graph: TensorGraph,
  values: Map<string, TensorValue>,
): AddedInput[] {
  if (inputs.length !== shapes.length) {
    throw new InvalidArgumentError(
      'x',
      `${shapes.length} arrays`,
      `${inputs.length}, one for each input of the model: ${inputs.map(({ name }) => `'${name}'`).join(', ')}`,
    )
  }
  return inputs.map(({ name, type, shape }, k) => {
    const given = shapes[k]!
    if (
      given.length !== shape.length ||
      shape.some((length, i) => length !== null && length !== given[i])
    ) {
      throw new InvalidArgumentError(
        'x',
        `examples of shape [${given.join(', ')}] for the input '${name}'`,
        `[${shape.map((length) => length ?? 'any').join(', ')}]`,
      )
    }
    // A page passes booleans as integers.
    const fed: TfType = isFloat(type) ? 'float32' : 'int32'
    const lengths = [-1, ...given]
    const node = graph.placeholder(name, fed, lengths)
    graph.input ??= node
    values.set(name, {
      type: toTfType(type),
      shape: [exampleCount, ...given.map(fixedLength)],
      first: type === 'bool' ? graph.cast(node, 'bool') : node,
    })
    return { name, type: fed, node, lengths }
  })
}

function addConstants(
  model: SimpleModel,
  graph: TensorGraph,
  values: Map<string, TensorValue>,
): void {
  const { constants, nodes } = model
  for (const [name, tensor] of constants) {
    const shape = tensor.shape.map(fixedLength)
    if (!isFloat(tensor.type) || (tensor.bytes.length <= 4 && !isLikelyParameter(model, name))) {
      values.set(name, { type: toTfType(tensor.type), shape, known: readKnown(tensor) })
      continue
    }
    const users = nodes.filter(({ inputs }) => inputs.includes(name))
    const isFilter = users.every(
      ({ op, inputs }) =>
        (op === 'Conv' || op === 'ConvTranspose') &&
        inputs.indexOf(name) === 1 &&
        inputs[0] !== name,
    )
    const data = Float32Array.from(readNumbers(tensor))
    const addWeight = (array: NdArray): TfNode =>
      isLikelyParameter(model, name)
        ? graph.parameter(name, array)
        : graph.constant(array, 'float32', name)
    if (!isFilter) {
      const first = addWeight({ data, shape: tensor.shape })
      values.set(name, { type: 'float32', shape, resolve: () => readKnown(tensor), first })
      continue
    }
    const order = filterOrder(tensor.shape.length)
    const strides = stridesOf(tensor.shape)
    const moved = order.map((axis) => tensor.shape[axis]!)
    const places = indicesOf(
      moved,
      order.map((axis) => strides[axis]!),
    )
    const filter = addWeight({
      data: Float32Array.from(places, (place) => data[place]!),
      shape: moved,
    })
    values.set(name, { type: 'float32', shape, filter })
  }
}

/** @throws UnsupportedError that names the node and why it has no equal */
function convertNode(
  node: OnnxNode,
  { nodes }: SimpleModel,
  graph: TensorGraph,
  values: Map<string, TensorValue>,
): void {
  const inputs = node.inputs.map((name) => values.get(name))
  graph.scope = (node.outputs[0] ?? node.op).replaceAll(':', '_')
  const first = graph.nodes.length
  const outputs = refuseByName(node, () => {
    const missing = node.inputs.find((name) => name !== '' && !values.has(name))
    if (missing !== undefined) {
      const source = nodes.find(({ outputs: names }) => names.includes(missing))
      throw new Refusal(
        source === undefined
          ? `its input '${missing}' is not computed`
          : `its input '${missing}' is a further output of ${source.op}, which is not supported`,
      )
    }
    const folded = node.domain === '' ? foldOperator(node, inputs) : undefined
    if (folded !== undefined) return [folded]
    const rule = rulesByDomain[node.domain]?.[node.op]
    if (rule === undefined) throw new Refusal('TensorFlow.js has no equal of it')
    return [rule({ node, inputs, graph })].flat()
  })
  const isConstant = inputs.every(
    (input) => input === undefined || input.known !== undefined || input.resolve !== undefined,
  )
  const resolve = (): KnownValues | undefined => {
    const all = inputs.map((input) => input && { ...input, known: elementsOf(input) })
    return foldOperator(node, all)?.known
  }
  for (const [k, name] of node.outputs.entries()) {
    const value = outputs[k]
    if (name === '' || value === undefined) continue
    values.set(
      name,
      isConstant && k === 0 && value.known === undefined ? { ...value, resolve } : value,
    )
    const computed = value.last ?? value.first
    if (computed !== undefined && graph.nodes.includes(computed, first))
      graph.rename(computed, name)
  }
}

function refuseByName<Result>(node: OnnxNode, run: () => Result): Result {
  try {
    return run()
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    const { op, domain, name, outputs } = node
    const own = domain === '' ? op : `${domain}.${op}`
    throw new UnsupportedError(
      own,
      `node '${name === '' ? outputs[0]! : name}' of the ONNX model is ${own}, which a page in one file can't compute: ` +
        `${cause.message}. Let Python explain the model with gradlens.ask, or build a page with gradlens/onnx.`,
      { cause },
    )
  }
}
