import type { GradientGraph } from '../../graph/gradient-graph.js'
import { float, readFloat, readInt, readInts, readString } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { countFromZero, fixedLength, range, readConstantInput } from '../constants.js'
import { refuse } from '../refuse.js'
import type { Rule } from '../rule.js'
import { swapAxes } from '../shapes/positions.js'

/**
 * Resizing is linear and works on one axis after the other. Resizing the unit vectors of an axis gives its matrix, with
 * the runtime's own rounding in every mode; the gradient is the product with the transpose.
 */
export const resize: Rule = {
  constantInputs: [1, 2, 3],
  differentiate(node, [delta], graph) {
    const [x] = node.inputs as [string]
    const [y] = node.outputs as [string]
    const rank = graph.rankOf(x)
    if (readString(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
      throw refuse(node, "only keep_aspect_ratio_policy 'stretch' has a backward rule")
    }
    const axes = countFromZero(readInts(node, 'axes') ?? range(rank), rank)
    const scales = readScales(node, graph)
    let gradient = delta!
    for (const [k, axis] of axes.entries()) {
      if (graph.lengthOf(x, axis) === graph.lengthOf(y, axis) && (scales?.[k] ?? 1) === 1) continue
      const length = fixedLength(node, x, axis, graph)
      const size = fixedLength(node, y, axis, graph)
      const matrix = resizeUnits(node, { length, size, scale: scales?.[k], k, axes }, graph)
      const last = swapAxes(graph, gradient, axis, rank - 1, rank)
      const back = graph.add('Transpose', [matrix], { perm: [1, 0] })
      gradient = swapAxes(graph, graph.add('MatMul', [last, back]), axis, rank - 1, rank)
    }
    return [gradient]
  },
}

/** Returns the scales, unless the node has sizes. */
function readScales(node: OnnxNode, graph: GradientGraph): number[] | undefined {
  if ((node.inputs[3] ?? '') !== '') return undefined
  return readConstantInput(node, 2, 'scales', graph)
}

interface ResizedAxis {
  readonly length: number
  readonly size: number
  readonly scale: number | undefined
  /** The axis's place among those that the node resizes. */
  readonly k: number
  readonly axes: readonly number[]
}

/** Returns the matrix [length, size] of an axis. */
function resizeUnits(
  node: OnnxNode,
  { length, size, scale, k, axes }: ResizedAxis,
  graph: GradientGraph,
): string {
  const units = range(length * length).map((i) => (i % (length + 1) === 0 ? 1 : 0))
  const image = graph.constant(units, 'float32', [1, 1, length, length])
  const way = readString(node, 'coordinate_transformation_mode', 'half_pixel')
  const roi = way === 'tf_crop_and_resize' ? readConstantInput(node, 1, 'roi', graph) : undefined
  const inputs = [
    image,
    roi === undefined ? '' : graph.constant([0, 0, 0, roi[k]!, 1, 1, 1, roi[k + axes.length]!]),
    scale === undefined ? '' : graph.constant([1, 1, 1, scale]),
    ...(scale === undefined ? [graph.integers(1, 1, length, size)] : []),
  ]
  const rows = graph.add('Resize', inputs, {
    mode: readString(node, 'mode', 'nearest'),
    coordinate_transformation_mode: way,
    nearest_mode: readString(node, 'nearest_mode', 'round_prefer_floor'),
    antialias: readInt(node, 'antialias', 0),
    exclude_outside: readInt(node, 'exclude_outside', 0),
    cubic_coeff_a: float(readFloat(node, 'cubic_coeff_a', -0.75)),
  })
  return graph.add('Reshape', [rows, graph.integers(length, size)])
}
