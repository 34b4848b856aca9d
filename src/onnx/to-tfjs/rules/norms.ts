import type { TensorGraph } from '../tensor-graph.js'
import type { TfNode } from '../tf-graph.js'

/** √sum of a sum of squares. Its gradient is 0 where the sum is 0, as in PyTorch. */
export function euclideanNorm(graph: TensorGraph, sum: TfNode): TfNode {
  const isZero = graph.add('Equal', [sum, graph.number(0)])
  const root = graph.add('Sqrt', [graph.add('SelectV2', [isZero, graph.number(1), sum])])
  return graph.add('SelectV2', [isZero, graph.number(0), root])
}

/** x / ‖x‖ along an axis. Zeros stay zeros, with a gradient of 0. */
export function divideByNorm(
  graph: TensorGraph,
  x: TfNode,
  axis: number,
  isEuclidean: boolean,
): TfNode {
  const sum = graph.reduce('Sum', graph.add(isEuclidean ? 'Square' : 'Abs', [x]), [axis], true)
  const isZero = graph.add('Equal', [sum, graph.number(0)])
  const divisor = graph.add('SelectV2', [isZero, graph.number(1), sum])
  const norm = isEuclidean ? graph.add('Sqrt', [divisor]) : divisor
  return graph.add('SelectV2', [isZero, graph.number(0), graph.add('RealDiv', [x, norm])])
}
