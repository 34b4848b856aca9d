import { followChannels } from '../../../adapters/follow-channels.js'
import { followElementwise } from '../../../adapters/follow-elementwise.js'
import { type GraphNode, hasSeveralOutputs } from './graph-nodes.js'

const convolutions: ReadonlySet<string> = new Set([
  ...['Conv2D', 'Conv3D', 'Conv2DBackpropInput', '_FusedConv2D'],
  ...['DepthwiseConv2d', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative'],
])

const pools: ReadonlySet<string> = new Set(['AvgPool', 'AvgPool3D', 'MaxPool', 'MaxPool3D'])

/** Ops that leave positions where they are. Squeeze ends a convolution along one axis, which the graph has as two. */
const elementwise: ReadonlySet<string> = new Set([
  ...['Add', 'AddN', 'AddV2', 'BiasAdd', 'Mul', 'RealDiv', 'Sub', 'Maximum', 'Minimum', 'Pow'],
  ...['Cast', 'ClipByValue', 'Elu', 'Erf', 'Exp', 'Identity', 'LeakyRelu', 'Log', 'Neg', 'Prelu'],
  ...['Relu', 'Relu6', 'Rsqrt', 'Selu', 'Sigmoid', 'Softplus', 'Sqrt', 'Square', 'Tanh'],
  ...['ConcatV2', 'FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3', 'Squeeze'],
])

/** A node whose output is that of a convolution. */
export interface ConvolutionOutput {
  readonly node: GraphNode
  readonly channels: 'first' | 'last'
}

/**
 * Returns the outputs of the convolutions among these nodes, each after the elementwise nodes that follow it, the one
 * that is computed last at the end.
 */
export function listConvolutionOutputs(nodes: readonly GraphNode[]): ConvolutionOutput[] {
  const order = sortNodes(nodes)
  const graph = {
    orderOf: (node: GraphNode) => order.get(node)!,
    consumersOf: ({ children }: GraphNode) => children.filter((child) => order.has(child)),
    isElementwise: (node: GraphNode) => elementwise.has(node.op) && !hasSeveralOutputs(node),
  }
  const found = [...order.keys()]
    .filter(({ op }) => convolutions.has(op))
    .map((node): ConvolutionOutput => ({
      node: followElementwise(node, graph),
      channels: channelsOf(node),
    }))
  return found.filter(({ node }, k) => found.findIndex((other) => other.node === node) === k)
}

/** Finds where one of these nodes has its channels; undefined if no convolution or pooling says so. */
export const findChannels = (
  node: GraphNode,
  nodes: readonly GraphNode[],
): 'first' | 'last' | undefined =>
  followChannels(node, {
    nodes,
    channelsOf: (each) =>
      convolutions.has(each.op) || pools.has(each.op) ? channelsOf(each) : undefined,
    movesAxes: ({ op }) => op === 'Transpose',
    isElementwise: ({ op }) => elementwise.has(op),
    inputsOf: ({ inputs }) => inputs,
    consumersOf: ({ children }) => children,
  })

function channelsOf({ attrParams }: GraphNode): 'first' | 'last' {
  const format = attrParams?.['dataFormat']?.value
  return typeof format === 'string' && /^nc/i.test(format) ? 'first' : 'last'
}

/** The nodes, each after its inputs. */
function sortNodes(nodes: readonly GraphNode[]): Map<GraphNode, number> {
  const order = new Map<GraphNode, number>()
  const open = [...nodes]
  for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
    const before = order.has(node) ? [] : node.inputs.filter((input) => !order.has(input))
    open.push(...before)
    if (before.length > 0) continue
    if (!order.has(node)) order.set(node, order.size)
    open.pop()
  }
  return order
}
