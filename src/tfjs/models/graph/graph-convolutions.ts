import { followElementwise } from '../../../adapters/follow-elementwise.js'
import type { GraphNode } from './graph-nodes.js'

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
    isElementwise: ({ op }: GraphNode) => elementwise.has(op),
  }
  const found = [...order.keys()]
    .filter(({ op }) => convolutions.has(op))
    .map((node): ConvolutionOutput => {
      const format = node.attrParams?.['dataFormat']?.value
      return {
        node: followElementwise(node, graph),
        channels: typeof format === 'string' && /^nc/i.test(format) ? 'first' : 'last',
      }
    })
  return found.filter(({ node }, k) => found.findIndex((other) => other.node === node) === k)
}

/** The nodes, each after its inputs. */
function sortNodes(nodes: readonly GraphNode[]): Map<GraphNode, number> {
  const order = new Map<GraphNode, number>()
  const visit = (node: GraphNode): void => {
    if (order.has(node)) return
    for (const input of node.inputs) visit(input)
    order.set(node, order.size)
  }
  for (const node of nodes.toReversed()) visit(node)
  return order
}
