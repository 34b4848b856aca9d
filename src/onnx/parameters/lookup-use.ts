import { isPlaced, moveExamplesFirst } from '../graph/batch-layout.js'
import { readInt } from '../model/attributes.js'
import type { UseRule } from './parameter-use.js'

/** Rows looked up by index: row index_t of G is Σ δ_t. */
export const lookupUse: UseRule = ({ graph, node, input, delta, layout, placementOf }) => {
  const [table, indices] = node.inputs as [string, string]
  if (input !== 0 || readInt(node, 'axis', 0) !== 0) return undefined
  const placement = placementOf(indices)
  const shape = graph.infoOf(indices).shape
  if (!isPlaced(placement) || layout.axis >= shape.length) return undefined
  const [parameterRows, ...row] = graph.infoOf(table).shape.map((length) => length ?? 1)
  const rowSize = row.reduce((size, length) => size * length, 1)
  const { outer, inner } = placement
  const positions = shape.reduce<number>((size, length) => size * (length ?? 1), outer * inner)
  const arrange = (
    tensor: string,
    own: readonly (number | null)[],
    last: readonly number[],
  ): string =>
    graph.add('Reshape', [
      moveExamplesFirst(graph, tensor, own, layout),
      graph.integers(-1, positions, ...last),
    ])
  // Negative indices count from the end.
  const count = graph.constant(parameterRows!, 'int32')
  const given = graph.add('Cast', [indices], { to: 6 })
  const isNegative = graph.add('Less', [given, graph.constant(0, 'int32')])
  const rows = graph.add('Where', [isNegative, graph.add('Add', [given, count]), given])
  return {
    kind: 'lookup',
    parameter: table,
    positions,
    rowSize,
    parameterRows: parameterRows!,
    indices: arrange(rows, shape, []),
    delta: arrange(delta, graph.infoOf(node.outputs[0]!).shape, [rowSize]),
  }
}
