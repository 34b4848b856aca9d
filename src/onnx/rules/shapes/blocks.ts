import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt, readString } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { fixedLength } from '../constants.js'
import type { Rules } from '../rule.js'

/** Blocks of pixels that become channels, and back. */
export const blocks: Rules = {
  DepthToSpace: {
    differentiate(node, [delta], graph) {
      const size = readInt(node, 'blocksize', 1)
      const [channels, height, width] = sizesOf(node, node.outputs[0]!, graph)
      const rows = [height / size, size]
      const columns = [width / size, size]
      const isColumnFirst = readString(node, 'mode', 'DCR') === 'CRD'
      // From [batch, channel, row, in block, column, in block].
      const perm = isColumnFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
      return [rearrange(graph, delta!, [channels, ...rows, ...columns], perm, node.inputs[0]!)]
    },
  },
  SpaceToDepth: {
    differentiate(node, [delta], graph) {
      const size = readInt(node, 'blocksize', 1)
      const [channels, height, width] = sizesOf(node, node.outputs[0]!, graph)
      const parts = [size, size, channels / size ** 2, height, width]
      return [rearrange(graph, delta!, parts, [0, 3, 4, 1, 5, 2], node.inputs[0]!)]
    },
  },
}

function sizesOf(node: OnnxNode, tensor: string, graph: GradientGraph): [number, number, number] {
  const length = (axis: number): number => fixedLength(node, tensor, axis, graph)
  return [length(1), length(2), length(3)]
}

/** Splits the axes after the batch into parts, reorders them, and gives them the shape of the input. */
function rearrange(
  graph: GradientGraph,
  delta: string,
  parts: readonly number[],
  perm: readonly number[],
  input: string,
): string {
  const split = graph.add('Reshape', [delta, graph.integers(-1, ...parts)])
  const ordered = graph.add('Transpose', [split], { perm })
  return graph.add('Reshape', [ordered, graph.shapeOf(input)])
}
