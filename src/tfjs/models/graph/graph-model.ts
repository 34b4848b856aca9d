import type { GraphModel, Tensor } from '@tensorflow/tfjs'
import { DisposedError, InvalidArgumentError, UnsupportedError } from '../../../errors.js'
import { describe, assertKnownKeys } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import { withChannelAxis } from '../../repairs/arithmetic/batch-statistics.js'
import { refuseForwardArguments } from '../forward-arguments.js'
import { GraphBatches } from './graph-batches.js'
import { type ExecuteGraph, GraphLayers } from './graph-layers.js'
import {
  channelAxisOf,
  type GraphNode,
  findGraphNode,
  findNodesBefore,
  outputShapeInSignature,
} from './graph-nodes.js'
import { graphLogits, readLogits } from '../logits.js'
import type { TensorModel, Weight } from '../model.js'
import { listParameterWarnings } from './graph-warnings.js'
import { assertTensor, probeOutputShape } from '../probe.js'
import { type OnnxMetadata, readOnnxMetadata } from './onnx-metadata.js'
import { findCopies, type FrozenWeight } from './tied-weights.js'

/** The options of `tfjsPredictor` for a GraphModel. */
export interface GraphModelOptions {
  /**
   * The explained output: one of `model.outputNodes` or any node. Required if there are several.
   */
  readonly output?: string | undefined
  /**
   * Explains the logits: the input of the Softmax or Sigmoid node that the output comes from.
   * Default false.
   */
  readonly logits?: boolean | undefined
  /**
   * Chooses the trainable float weights, which a converted graph doesn't record. Default: all
   * weights except scalars and the moving statistics of batch normalizations.
   */
  readonly trainable?: ((name: string, shape: readonly number[]) => boolean) | undefined
}

export function isGraphModel(model: object): model is GraphModel {
  return 'executeAsync' in model && 'outputNodes' in model && 'weights' in model
}

/** Wraps a synchronous GraphModel as a TensorModel. */
export function wrapGraphModel(model: GraphModel, options: GraphModelOptions): TensorModel {
  assertKnownKeys('options', options, ['output', 'trainable', 'logits', 'preprocess'])
  const name = 'graph model'
  const declaredOutput = outputOf(model, options.output)
  const isLogits = readLogits(options.logits)
  const output = isLogits ? graphLogits(model, declaredOutput) : declaredOutput
  const nodes = findNodesBefore(findGraphNode(model, output)!)
  refuseDynamic(nodes)
  const onnx = readOnnxMetadata(model)
  const inputs = model.inputs.map((input, i) => ({
    ...inputSpec(input, model.inputNodes[i]),
    ...(onnx?.channels[i] != null && { channels: onnx.channels[i] }),
  }))
  const batches = new GraphBatches(model, nodes)
  const channelAxis = channelAxisOf(nodes)
  const copies =
    onnx === undefined
      ? findCopies(
          weightsOf(model, nodes).filter(
            ({ tensor }) => options.trainable !== undefined || tensor.rank > 0,
          ),
        )
      : new Map<string, string>()
  // Each use of a copy reads the first copy instead, so that the tape has one tensor for all uses.
  const firstCopies = Object.fromEntries(
    [...copies].map(([copy, first]) => [copy, model.weights[first]![0]!]),
  )
  const execute: ExecuteGraph = (x, nodes, wanted) => {
    const feeds = Object.fromEntries(x.map((tensor, i) => [model.inputNodes[i]!, tensor]))
    return assertTensor(model.execute({ ...firstCopies, ...feeds, ...nodes }, wanted), name)
  }
  const layers = new GraphLayers(model, output, onnx, (x, nodes, wanted) =>
    batches.run(x.map(asDeclared(inputs)), nodes, wanted === output, (some, someNodes) =>
      execute(some, someNodes, wanted),
    ),
  )
  const call = (x: readonly Tensor[]): Tensor => withChannelAxis(channelAxis, () => layers.call(x))
  const shape =
    outputShapeInSignature(model, declaredOutput) ??
    probeOutputShape(
      name,
      inputs,
      call,
      'Convert it from a SavedModel with a signature, or wrap it: { call: (x) => model.execute(x), … }.',
    )
  const parameters =
    onnx === undefined
      ? parametersOf(
          model,
          nodes.filter((node) => !copies.has(node.name)),
          options.trainable,
        )
      : readNamed(model, onnx, options.trainable)
  const parameterTensors = new Set(parameters.map(({ tensor }) => tensor))
  return {
    name,
    inputs,
    output: {
      name: withoutPort(declaredOutput),
      shape,
      dtype: 'float32',
      ...(isLogits && { isLogits }),
      ...(model.outputNodes.join() !== declaredOutput && { isOneOfSeveral: true }),
    },
    weights: (): Weight[] => {
      const disposed = parameters.find(({ tensor }) => tensor.isDisposed)
      if (disposed === undefined) return parameters
      throw new DisposedError(
        `weight '${disposed.name}' of the ${name} was disposed by the page; load the model again.`,
      )
    },
    constants: nodes.flatMap((node) => {
      const tensor = copies.has(node.name) ? undefined : model.weights[node.name]?.[0]
      return tensor === undefined || tensor.dtype === 'string' || parameterTensors.has(tensor)
        ? []
        : [tensor]
    }),
    parameterWarnings: listParameterWarnings(copies, nodes),
    singleReason: () => batches.singleReason,
    layers,
    call: (x, forwardArguments): Tensor => {
      refuseForwardArguments(forwardArguments, name, inputs)
      return call(x)
    },
  }
}

function outputOf(model: GraphModel, chosen: unknown): string {
  const names = model.outputNodes.map((node) => `'${node}'`).join(', ')
  if (chosen === undefined) {
    const [output, ...furtherOutputs] = model.outputNodes
    if (output !== undefined && furtherOutputs.length === 0) return output
    throw new UnsupportedError(
      'several outputs',
      `the graph model has ${model.outputNodes.length} outputs (${names}); expected one. ` +
        `Say which: tfjsPredictor(model, { output: ${names.split(', ')[0] ?? "'…'"} }).`,
    )
  }
  if (typeof chosen === 'string' && findGraphNode(model, chosen) !== undefined) return chosen
  throw new InvalidArgumentError(
    'options.output',
    describe(chosen),
    `an output of the model (${names}), or a node of its graph`,
  )
}

function inputSpec(
  { name, shape, dtype }: GraphModel['inputs'][number],
  key: string = name,
): ArraySpec {
  if (shape === undefined || shape.length === 0) {
    throw new UnsupportedError(
      name,
      `input '${name}' of the graph model declares no shape with a batch axis. Convert the model again with one, ` +
        'or wrap it in a function: tfjsPredictor({ call, variables, inputs: [{ shape }] }).',
    )
  }
  return {
    name: withoutPort(key),
    shape: shape.slice(1).map((length) => (length < 0 ? null : length)),
    dtype: dtype === 'float32' ? 'float32' : 'int32',
  }
}

/** A graph's executor accepts only the declared dtype. */
const asDeclared =
  (inputs: readonly ArraySpec[]) =>
  (x: Tensor, i: number): Tensor => {
    const { name, dtype } = inputs[i]!
    if (x.dtype === dtype) return x
    throw new UnsupportedError(
      name,
      `input '${name}' of the graph model takes integers, so it has no gradient and no values in between. ` +
        `Attribute to a node after its look-ups with { layer }, from whole numbers as baselines; or pass it by name, forwardKwargs: { ${name}: … }, ` +
        'and attribute to the other inputs.',
    )
  }

function refuseDynamic(nodes: readonly GraphNode[]): void {
  const node = nodes.find(({ op }) => dynamicOps.has(op))
  if (node === undefined) return
  throw new UnsupportedError(
    node.op,
    `node '${node.name}' of the graph model is a ${node.op}: control flow, look-up tables and outputs of unknown ` +
      'length need executeAsync, which cannot be differentiated. Choose an output before it with { output }.',
  )
}

/** The ops that `GraphModel.execute` refuses or returns as promises. */
const dynamicOps: ReadonlySet<string> = new Set([
  ...['Switch', 'Merge', 'Enter', 'Exit', 'NextIteration'],
  ...['StatelessIf', 'StatelessWhile', 'If', 'While'],
  ...['NonMaxSuppressionV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5'],
  ...['Where', 'ListDiff'],
  ...['HashTable', 'HashTableV2', 'LookupTableImport', 'LookupTableImportV2'],
  ...['LookupTableFind', 'LookupTableFindV2', 'LookupTableSize', 'LookupTableSizeV2'],
])

/** Returns the float weights that the output depends on, in the order of the file. */
function weightsOf(model: GraphModel, nodes: readonly GraphNode[]): FrozenWeight[] {
  const nodeOf = new Map(nodes.map((node) => [node.name, node]))
  return Object.entries(model.weights).flatMap(([name, [tensor]]) => {
    const node = nodeOf.get(name)
    return node === undefined || tensor?.dtype !== 'float32' ? [] : [{ node, tensor }]
  })
}

/** Returns the named parameters, in the order of their names. */
function readNamed(
  model: GraphModel,
  { parameters }: OnnxMetadata,
  trainable: GraphModelOptions['trainable'],
): Weight[] {
  return Object.entries(parameters).flatMap(([node, name]) => {
    const tensor = model.weights[node]?.[0]
    if (tensor === undefined) return []
    return [{ name, tensor, trainable: trainable?.(name, tensor.shape) ?? true }]
  })
}

/**
 * A frozen graph doesn't distinguish variables from constants. Scalars are constants of a formula.
 */
function parametersOf(
  model: GraphModel,
  nodes: readonly GraphNode[],
  trainable: GraphModelOptions['trainable'],
): Weight[] {
  const before = new Set(nodes)
  return nodes.flatMap((node): Weight[] => {
    const tensor = model.weights[node.name]?.[0]
    if (tensor?.dtype !== 'float32') return []
    if (trainable !== undefined) {
      return [{ name: node.name, tensor, trainable: trainable(node.name, tensor.shape) }]
    }
    const isStatistic = node.children
      .filter((user) => before.has(user))
      .every((user) => isMovingStatistic(node, user))
    return tensor.rank === 0 ? [] : [{ name: node.name, tensor, trainable: !isStatistic }]
  })
}

/**
 * Inputs 3 and 4 of a batch normalization are the moving mean and variance, which aren't trained.
 */
function isMovingStatistic(weight: GraphNode, user: GraphNode): boolean {
  return user.op.startsWith('FusedBatchNorm') && user.inputs.indexOf(weight) >= 3
}

const withoutPort = (name: string): string => name.replace(/:\d+$/, '')
