import type { SymbolicTensor } from '@tensorflow/tfjs'
import { followChannels } from '../../../adapters/follow-channels.js'
import { findLastCall, isContainer, type Layer, listNodesBefore, type Node } from './layer-calls.js'
import { elementwiseLayers } from './layer-convolutions.js'

/**
 * Returns a function that finds where a tensor has its channels: 'last' in a model none of whose
 * layers has a data format, as TensorFlow.js assumes; null where the layers leave it open.
 *
 * @param output the explained output
 */
export function createChannelFinder(
  output: SymbolicTensor,
): (tensor: SymbolicTensor) => 'first' | 'last' | null {
  const nodes = listAllNodes([output])
  const saysAny = nodes.some((node) => channelsOf(node) !== undefined)
  const graph = {
    nodes,
    channelsOf,
    movesAxes: ({ outboundLayer }: Node) => outboundLayer.getClassName() === 'Permute',
    isElementwise: ({ outboundLayer }: Node) => elementwiseLayers.has(outboundLayer.getClassName()),
    inputsOf: ({ inputTensors }: Node) => inputTensors.map(findMaker),
    consumersOf: ({ outputTensors }: Node) => listConsumers(outputTensors, nodes),
  }
  return (tensor) => followChannels(findMaker(tensor), graph) ?? (saysAny ? null : 'last')
}

/** The calls that the tensors are computed from, with those in models that are called as layers. */
function listAllNodes(tensors: readonly SymbolicTensor[]): Node[] {
  return listNodesBefore(tensors).flatMap((node) =>
    isContainer(node.outboundLayer) ? listAllNodes(node.outboundLayer.outputs) : [node],
  )
}

const findMaker = (tensor: SymbolicTensor): Node => findLastCall(tensor).at(-1)!

function listConsumers(tensors: readonly SymbolicTensor[], nodes: readonly Node[]): Node[] {
  return nodes.filter(({ inputTensors }) => inputTensors.some((each) => tensors.includes(each)))
}

function channelsOf({ outboundLayer }: Node): 'first' | 'last' | undefined {
  const { dataFormat } = outboundLayer as Layer & { readonly dataFormat?: string }
  // The data format of Flatten is the default in most models, whatever comes before it.
  if (dataFormat === undefined || outboundLayer.getClassName() === 'Flatten') return undefined
  return dataFormat === 'channelsFirst' ? 'first' : 'last'
}
