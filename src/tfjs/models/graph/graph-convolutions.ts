import { followElementwise } from '../../../adapters/follow-elementwise.js'
import { type GraphNode, hasSeveralOutputs } from './graph-nodes.js'

const convolutions: ReadonlySet<string> = new Set([
  ...['Conv2D', 'Conv3D', 'Conv2DBackpropInput', '_FusedConv2D'],
  ...['DepthwiseConv2d', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative'],
])

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

/** Where the channels of a graph's convolutions are; undefined if it has none, or they differ. */
export function findChannels(nodes: readonly GraphNode[]): 'first' | 'last' | undefined {
  const found = new Set(nodes.filter(({ op }) => convolutions.has(op)).map(channelsOf))
  return found.size === 1 ? [...found][0] : undefined
}

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
