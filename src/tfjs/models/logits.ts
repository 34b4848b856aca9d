import type { GraphModel, LayersModel, SymbolicTensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import { describe } from '../../options.js'
import { type GraphNode, findGraphNode } from './graph/graph-nodes.js'
import { type Layer, type LayerCall, findLastCall, visitCalls } from './layers/layer-calls.js'

/** @throws InvalidArgumentError for anything but true, false or undefined */
export function readLogits(logits: unknown): boolean {
  if (logits === undefined || typeof logits === 'boolean') return logits === true
  throw new InvalidArgumentError('options.logits', describe(logits), 'true or false')
}

/**
 * Runs a LayersModel so that this output is its logits: the input of the softmax or sigmoid at its
 * end.
 *
 * @throws UnsupportedError if it ends in anything else
 */
export function layerLogits(
  model: LayersModel,
  output: SymbolicTensor,
): <Result>(run: () => Result) => Result {
  const call = findLastCall(output)
  const activation = lastActivation(call.at(-1)!.outboundLayer)
  if (activation === undefined) throw withoutLogits(`layer '${nameOf(call)}'`, kindOf(call))
  return (run) => visitCalls(model.outputs, [{ call, around: withoutActivation(activation) }], run)
}

/**
 * Returns the node whose output is the logits of a graph's output.
 *
 * @throws UnsupportedError if the output doesn't come from a softmax or sigmoid
 */
export function graphLogits(model: GraphModel, output: string): string {
  let node: GraphNode = findGraphNode(model, output)!
  while (node.op === 'Identity') node = node.inputs[0]!
  if (node.op === 'Softmax' || node.op === 'Sigmoid') return node.inputNames[0]!.replace(/:0$/, '')
  throw withoutLogits(`node '${node.name}' of the graph model`, node.op)
}

function withoutLogits(end: string, kind: string): UnsupportedError {
  return new UnsupportedError(
    'logits',
    `logits: the model ends in ${end}, a ${kind}; expected a softmax or sigmoid, as an activation of a dense or ` +
      'convolution layer, as an Activation or Softmax layer, or as a node of a graph. Leave logits out if the output ' +
      'is the logits already. Otherwise choose them with { output }, or rebuild the model without its last activation.',
  )
}

const nameOf = (call: LayerCall): string => call.at(-1)!.outboundLayer.name

function kindOf(call: LayerCall): string {
  const layer = call.at(-1)!.outboundLayer
  const activation = (layer as { readonly activation?: { getClassName?(): string } }).activation
  const name = activation?.getClassName?.()
  return name === undefined
    ? layer.getClassName()
    : `${layer.getClassName()} with activation ${name}`
}

/** The object and property that have a layer's activation. */
interface Activation {
  readonly owner: Record<string, unknown>
  readonly key: string
  /** Its replacement. */
  readonly linear: unknown
}

/** Layers that compute nothing after their activation. */
const activated: ReadonlySet<string> = new Set([
  'Activation',
  'Dense',
  ...['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose'],
  ...['DepthwiseConv2D', 'SeparableConv2D'],
])

/** Finds the softmax or sigmoid at the end of a layer. */
function lastActivation(layer: Layer): Activation | undefined {
  const owner = layer as unknown as Record<string, unknown>
  const kind = layer.getClassName()
  if (kind === 'TimeDistributed') return lastActivation(owner['layer'] as Layer)
  if (kind === 'Softmax' && !Array.isArray(owner['axis'])) {
    return { owner, key: 'softmax', linear: <Value>(x: Value): Value => x }
  }
  const { activation } = owner as { readonly activation?: { getClassName(): string } }
  const name = activated.has(kind) ? activation?.getClassName() : undefined
  if (name !== 'softmax' && name !== 'sigmoid') return undefined
  return { owner, key: 'activation', linear: linearActivation }
}

/** Named as tfjs's own: fused kernels identify an activation by its class name. */
const linearActivation = { getClassName: () => 'linear', apply: <Value>(x: Value): Value => x }

const withoutActivation =
  ({ owner, key, linear }: Activation) =>
  <Result>(run: () => Result): Result => {
    const own = owner[key]
    owner[key] = linear
    try {
      return run()
    } finally {
      owner[key] = own
    }
  }
