import { type BatchLayout, isPlaced, moveExamplesFirst } from '../graph/batch-layout.js'
import type { GradientGraph } from '../graph/gradient-graph.js'
import { readFloat, readInt } from '../model/attributes.js'
import { elementUse } from './element-use.js'
import type { GraphSegment } from './graph-segment.js'
import type { ParameterUse, UseRule } from './parameter-use.js'

/** A matrix, or a stack of matrices, with the batch on one of its axes. */
interface Operand {
  readonly tensor: string
  readonly shape: readonly (number | null)[]
  readonly layout: BatchLayout
}

/** G = aᵀδ for x · w, and its transpose for w · x. */
export const matMulUse: UseRule = (use) => {
  const { graph, node, input, delta, layout, placementOf } = use
  const weight = node.inputs[input]!
  const other = node.inputs[1 - input]!
  const placement = placementOf(other)
  if (!isPlaced(placement)) return undefined
  if (graph.rankOf(weight) > 2) return stackUse(use)
  const x = { tensor: other, shape: graph.infoOf(other).shape, layout: placement }
  const y = { tensor: delta, shape: graph.infoOf(node.outputs[0]!).shape, layout }
  const isVector = graph.rankOf(weight) === 1
  if (input === 1) {
    return factored(use, weight, x, isVector ? withLastAxis(y) : y, false)
  }
  // Wᵀ is on the right of xᵀ. A vector x has no transpose, and is a column.
  if (x.shape.length < 2) return undefined
  return factored(
    use,
    weight,
    swapLast(graph, x),
    isVector ? withLastAxis(y) : swapLast(graph, y),
    true,
  )
}

/** The gradient of a stack of matrices, each of which multiplies its own part of the other factor. */
function stackUse(use: ParameterUse): GraphSegment | undefined {
  const { graph, node, input, delta, layout } = use
  const other = node.inputs[1 - input]!
  const shape = graph.infoOf(node.outputs[0]!).shape
  const rank = shape.length
  // The batch must be on an axis of matrices, in both factors of the gradient.
  if (graph.rankOf(other) !== rank || layout.axis >= rank - 2) return undefined
  const matrix = graph.infoOf(node.inputs[input]!).shape
  const turned = swapLast(graph, { tensor: other, shape: graph.infoOf(other).shape, layout })
  const factors = input === 1 ? [turned.tensor, delta] : [delta, turned.tensor]
  return elementUse(use, {
    gradient: graph.add('MatMul', factors),
    shape: [...shape.slice(0, -2), ...matrix.slice(-2)],
    axes: matrix.map((_, axis) => axis + rank - matrix.length),
  })
}

/** As for MatMul, with attributes that transpose the factors and scale the product. */
export const gemmUse: UseRule = (use) => {
  const { graph, node, input, delta, layout, placementOf } = use
  if (input > 1) return undefined
  const weight = node.inputs[input]!
  const other = node.inputs[1 - input]!
  const placement = placementOf(other)
  if (!isPlaced(placement)) return undefined
  const alpha = readFloat(node, 'alpha', 1)
  const scaled = alpha === 1 ? delta : graph.add('Mul', [delta, graph.constant(alpha)])
  const x = { tensor: other, shape: graph.infoOf(other).shape, layout: placement }
  const y = { tensor: scaled, shape: graph.infoOf(node.outputs[0]!).shape, layout }
  const [isWeightTransposed, isOtherTransposed] = (
    input === 1 ? ['transB', 'transA'] : ['transA', 'transB']
  ).map((name) => readInt(node, name, 0) === 1) as [boolean, boolean]
  const own = isOtherTransposed === (input === 1) ? swapLast(graph, x) : x
  return input === 1
    ? factored(use, weight, own, y, isWeightTransposed)
    : factored(use, weight, own, swapLast(graph, y), !isWeightTransposed)
}

/**
 * @param x [..., d] on the left of the weights [d, p]
 * @param y the gradient at the product, [..., p]
 * @param isTransposed true if the parameter is [p, d]
 */
function factored(
  { graph }: ParameterUse,
  parameter: string,
  x: Operand,
  y: Operand,
  isTransposed: boolean,
): GraphSegment | undefined {
  const inputSize = x.shape.at(-1) ?? null
  const outputSize = y.shape.at(-1) ?? null
  // The batch on a contracted axis mixes its examples.
  if (inputSize === null || outputSize === null || !isSameBatch(x, y)) return undefined
  const positions = countPositions(x)
  if (positions !== countPositions(y)) return undefined
  const arrange = ({ tensor, shape, layout }: Operand, size: number): string =>
    graph.add('Reshape', [
      moveExamplesFirst(graph, tensor, shape, layout),
      graph.integers(-1, positions, size),
    ])
  const [a, delta] = [arrange(x, inputSize), arrange(y, outputSize)]
  return isTransposed
    ? {
        kind: 'factored',
        parameter,
        positions,
        inputSize: outputSize,
        outputSize: inputSize,
        a: delta,
        delta: a,
      }
    : { kind: 'factored', parameter, positions, inputSize, outputSize, a, delta }
}

/** The positions of one example: the product of all axes but the last. */
const countPositions = ({ shape, layout }: Operand): number =>
  shape
    .slice(0, -1)
    .reduce<number>((size, length) => size * (length ?? 1), layout.outer * layout.inner)

const isSameBatch = (x: Operand, y: Operand): boolean =>
  x.shape.length === y.shape.length &&
  x.layout.axis === y.layout.axis &&
  x.layout.inner === y.layout.inner &&
  x.layout.outer === y.layout.outer

function swapLast(graph: GradientGraph, { tensor, shape, layout }: Operand): Operand {
  const rank = shape.length
  const perm = [...Array(rank).keys()]
  perm.splice(rank - 2, 2, rank - 1, rank - 2)
  return {
    tensor: graph.add('Transpose', [tensor], { perm }),
    shape: perm.map((axis) => shape[axis]!),
    layout: { ...layout, axis: perm.indexOf(layout.axis) },
  }
}

const withLastAxis = ({ shape, ...operand }: Operand): Operand => ({
  ...operand,
  shape: [...shape, 1],
})
