import type { SymbolicTensor } from '@tensorflow/tfjs'
import { followElementwise } from '../../../adapters/follow-elementwise.js'
import { isContainer, type Layer, listNodesBefore, type Node } from './layer-calls.js'

const convolutions: ReadonlySet<string> = new Set([
  ...['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose'],
  ...['DepthwiseConv2D', 'SeparableConv2D', 'ConvLSTM2D'],
])

/** Layers that leave positions where they are. Concatenations along the channels do. */
export const elementwiseLayers: ReadonlySet<string> = new Set([
  ...['Activation', 'ELU', 'LeakyReLU', 'PReLU', 'ReLU', 'Softmax', 'ThresholdedReLU'],
  ...['BatchNormalization', 'LayerNormalization'],
  ...['AlphaDropout', 'Dropout', 'GaussianDropout', 'GaussianNoise', 'SpatialDropout1D'],
  ...['Add', 'Average', 'Concatenate', 'Maximum', 'Minimum', 'Multiply'],
])

/**
 * Returns the layers whose outputs are those of convolutions, in the order of the calls, each after the elementwise layers
 * that follow it in the same model. Convolutions in models that are called as layers are among them.
 */
export function listConvolutionOutputs(outputs: readonly SymbolicTensor[]): Layer[] {
  const nodes = listNodesBefore(outputs)
  const graph = {
    orderOf: (node: Node) => nodes.indexOf(node),
    consumersOf: (node: Node) =>
      nodes.filter(({ inputTensors }) =>
        inputTensors.some((tensor) => node.outputTensors.includes(tensor)),
      ),
    isElementwise: (node: Node) => isElementwise(node),
  }
  return nodes.flatMap((node): Layer[] => {
    const layer = node.outboundLayer
    if (isContainer(layer)) return listConvolutionOutputs(layer.outputs)
    if (!convolutions.has(layer.getClassName())) return []
    return [followElementwise(node, graph).outboundLayer]
  })
}

function isElementwise({ outboundLayer, inputTensors, outputTensors }: Node): boolean {
  if (!elementwiseLayers.has(outboundLayer.getClassName())) return false
  const positionsOf = ({ shape }: SymbolicTensor): string => shape.slice(1, -1).join()
  const [output] = outputTensors
  // A gate of one number per channel is an input too; it has the same number of axes.
  return (
    inputTensors.some((tensor) => positionsOf(tensor) === positionsOf(output!)) &&
    inputTensors.every(({ shape }) => shape.length === output!.shape.length)
  )
}
