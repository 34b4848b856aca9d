import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt } from '../../model/attributes.js'
import type { OnnxNode, OnnxTensor } from '../../model/onnx-model.js'
import { readNumbers } from '../../model/tensor-data.js'
import { fixedLength, range } from '../constants.js'
import type { Rules } from '../rule.js'
import { shapeWith, sumIntoPositions } from './positions.js'

/** Operators that take values at indices: the gradient of a value is the sum over the places that it was taken to. */
export const gathering: Rules = {
  Gather: {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [x, indices] = node.inputs as [string, string]
      const rank = graph.rankOf(x)
      const axis = (readInt(node, 'axis', 0) + rank) % rank
      const constant = graph.constantOf(indices)
      const length = graph.lengthOf(x, axis)
      if (constant === undefined || length === null) {
        return [scatterAlong(graph, delta!, x, indices, axis, graph.rankOf(indices))]
      }
      const positions = readPositions(constant, length)
      const shape = shapeWith(graph, x, axis, positions.length)
      const flat = graph.add('Reshape', [delta!, shape])
      return [sumIntoPositions(graph, flat, positions, axis, rank, length)]
    },
  },
  GatherElements: {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [x, indices] = node.inputs as [string, string]
      const axis = readInt(node, 'axis', 0)
      const zeros = graph.filledLike(x)
      return [graph.add('ScatterElements', [zeros, indices, delta!], { axis, reduction: 'add' })]
    },
  },
  GatherND: {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [x, indices] = node.inputs as [string, string]
      const full = withBatchIndices(node, indices, readInt(node, 'batch_dims', 0), graph)
      return [graph.add('ScatterND', [graph.filledLike(x), full, delta!], { reduction: 'add' })]
    },
  },
  OneHot: {
    constantInputs: [0, 1],
    differentiate(node, [delta], graph) {
      const [indices, depth] = node.inputs as [string, string]
      const axis = readInt(node, 'axis', -1)
      const mask = graph.add('OneHot', [indices, depth, graph.constant([0, 1])], { axis })
      const total = (tensor: string): string =>
        graph.add('Reshape', [graph.add('ReduceSum', [tensor], { keepdims: 0 }), graph.integers(1)])
      const on = total(graph.add('Mul', [delta!, mask]))
      const off = graph.add('Sub', [total(delta!), on])
      return [undefined, undefined, graph.add('Concat', [off, on], { axis: 0 })]
    },
  },
  Compress: {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [x, condition] = node.inputs as [string, string]
      const indices = graph.add('Reshape', [graph.add('NonZero', [condition]), graph.integers(-1)])
      if (node.attributes['axis'] !== undefined) {
        const rank = graph.rankOf(x)
        const axis = (readInt(node, 'axis', 0) + rank) % rank
        return [scatterAlong(graph, delta!, x, indices, axis, 1)]
      }
      const size = graph.add('ReduceProd', [graph.shapeOf(x)], { keepdims: 1 })
      const zeros = graph.add('Expand', [graph.constant(0), size])
      const flat = graph.add('ScatterElements', [zeros, indices, delta!])
      return [graph.add('Reshape', [flat, graph.shapeOf(x)])]
    },
  },
  ReverseSequence: {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [batch, time] = [readInt(node, 'batch_axis', 1), readInt(node, 'time_axis', 0)]
      return [
        graph.add('ReverseSequence', [delta!, node.inputs[1]!], {
          batch_axis: batch,
          time_axis: time,
        }),
      ]
    },
  },
}

/** Returns indices as positions from 0. */
function readPositions(constant: OnnxTensor, length: number): number[] {
  return readNumbers(constant).map((index) => (index < 0 ? index + length : index))
}

/** Adds slices along an axis to zeros in the shape of a tensor, at indices that may repeat. */
function scatterAlong(
  graph: GradientGraph,
  slices: string,
  x: string,
  indices: string,
  axis: number,
  indexRank: number,
): string {
  const rank = graph.rankOf(x)
  // ScatterND has the axes of the indices first.
  const isIndexAxis = (k: number): boolean => k >= axis && k < axis + indexRank
  const others = range(rank + indexRank - 1).filter((k) => !isIndexAxis(k))
  const updates = graph.add('Transpose', [slices], {
    perm: [...range(indexRank).map((k) => axis + k), ...others],
  })
  const axes = [axis, ...range(rank).filter((k) => k !== axis)]
  const zeros = graph.add('Transpose', [graph.filledLike(x)], { perm: axes })
  const wide = graph.add('Cast', [indices], { to: 7 })
  const places = graph.add('Unsqueeze', [wide, graph.integers(-1)])
  const sums = graph.add('ScatterND', [zeros, places, updates], { reduction: 'add' })
  return graph.add('Transpose', [sums], { perm: axes.map((_, k) => axes.indexOf(k)) })
}

/** Puts the indices of the batch axes before those of GatherND. */
function withBatchIndices(
  node: OnnxNode,
  indices: string,
  batchAxes: number,
  graph: GradientGraph,
): string {
  if (batchAxes === 0) return indices
  const rank = graph.rankOf(indices)
  const lengths = range(rank - 1).map((axis) => fixedLength(node, indices, axis, graph))
  const columns = range(batchAxes).map((axis) => {
    const shape = range(rank).map((k) => (k === axis ? lengths[axis]! : 1))
    const column = graph.constant(range(lengths[axis]!), 'int64', shape)
    return graph.add('Expand', [column, graph.integers(...lengths, 1)])
  })
  return graph.add('Concat', [...columns, indices], { axis: -1 })
}
