import { float, readFloat, readInt } from '../../model/attributes.js'
import type { GradientGraph } from '../../graph/gradient-graph.js'
import type { Rules } from '../rule.js'

/** Products of matrices. */
export const products: Rules = {
  MatMul: {
    differentiate({ inputs, outputs }, [delta], graph) {
      const [a, b] = inputs as [string, string]
      const [output] = outputs as [string]
      // A vector counts as a matrix of one row, or of one column on the right.
      const isRow = graph.rankOf(a) === 1
      const isColumn = graph.rankOf(b) === 1
      let own = delta!
      if (isColumn) own = graph.add('Unsqueeze', [own, graph.integers(-1)])
      if (isRow) own = graph.add('Unsqueeze', [own, graph.integers(-2)])
      return [matMulGradient('a'), matMulGradient('b')]

      function matMulGradient(side: 'a' | 'b'): string {
        const matrixA = isRow ? graph.add('Unsqueeze', [a, graph.integers(0)]) : a
        const matrixB = isColumn ? graph.add('Unsqueeze', [b, graph.integers(1)]) : b
        const full =
          side === 'a'
            ? graph.add('MatMul', [own, swapLast(graph, matrixB, isColumn ? 2 : graph.rankOf(b))])
            : graph.add('MatMul', [swapLast(graph, matrixA, isRow ? 2 : graph.rankOf(a)), own])
        return sumBatch(side, full, output)
      }

      function sumBatch(side: 'a' | 'b', full: string, of: string): string {
        const input = side === 'a' ? a : b
        const isVector = side === 'a' ? isRow : isColumn
        const matrix = isVector
          ? graph.add('Squeeze', [full, graph.integers(side === 'a' ? -2 : -1)])
          : full
        const ownRank = graph.rankOf(input)
        const fullRank =
          graph.rankOf(of) + (isRow ? 1 : 0) + (isColumn ? 1 : 0) - (isVector ? 1 : 0)
        const extra = fullRank - ownRank
        const batchAxes = Array.from({ length: Math.max(0, ownRank - 2) }, (_, axis) => axis)
        const outputAxes = batchAxes.map((axis) => axis + extra)
        const summed = [
          ...Array.from({ length: extra }, (_, axis) => axis),
          ...outputAxes.filter(
            (axis, k) => graph.lengthOf(input, k) === 1 && graph.lengthOf(of, axis) !== 1,
          ),
        ]
        if (summed.length === 0) return matrix
        const sums = graph.add('ReduceSum', [matrix, graph.integers(...summed)], { keepdims: 1 })
        if (extra === 0) return sums
        const added = Array.from({ length: extra }, (_, axis) => axis)
        return graph.add('Squeeze', [sums, graph.integers(...added)])
      }
    },
  },
  Gemm: {
    differentiate(node, [delta], graph) {
      const [a, b, c = ''] = node.inputs as [string, string, string?]
      const alpha = float(readFloat(node, 'alpha', 1))
      const product = (left: string, right: string, transA: boolean, transB: boolean): string =>
        graph.add('Gemm', [left, right], { alpha, transA: Number(transA), transB: Number(transB) })
      const transA = readInt(node, 'transA', 0) === 1
      const transB = readInt(node, 'transB', 0) === 1
      const beta = readFloat(node, 'beta', 1)
      const added = beta === 1 ? delta! : graph.add('Mul', [delta!, graph.constant(beta)])
      return [
        transA ? product(b, delta!, transB, true) : product(delta!, b, false, !transB),
        transB ? product(delta!, a, true, transA) : product(a, delta!, !transA, false),
        c === '' ? undefined : graph.sumTo(c, added, node.outputs[0]!),
      ]
    },
  },
}

/** Returns a tensor of this rank with its last two axes swapped. */
function swapLast(graph: GradientGraph, tensor: string, rank: number): string {
  const perm = Array.from({ length: rank - 2 }, (_, axis) => axis)
  return graph.add('Transpose', [tensor], { perm: [...perm, rank - 1, rank - 2] })
}
