import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readNumbers } from '../../model/tensor-data.js'
import { range } from '../constants.js'
import type { Rules } from '../rule.js'

/** Operators that repeat values. */
export const repetition: Rules = {
  Expand: {
    constantInputs: [1],
    differentiate({ inputs, outputs }, [delta], graph) {
      return [graph.sumTo(inputs[0]!, delta!, outputs[0]!)]
    },
  },
  Tile: {
    constantInputs: [1],
    differentiate({ inputs: [x, repeats] }, [delta], graph) {
      const rank = graph.rankOf(x!)
      const copies = graph.add('Reshape', [delta!, interleave(graph, x!, repeats!)])
      const axes = graph.integers(...range(rank).map((axis) => 2 * axis))
      return [rank === 0 ? delta : graph.add('ReduceSum', [copies, axes], { keepdims: 0 })]
    },
  },
}

/** Returns the shape [repeats, length] of each axis in turn. */
function interleave(graph: GradientGraph, x: string, repeats: string): string {
  const known = graph.constantOf(repeats)
  const { shape } = graph.infoOf(x)
  const lengths = shape.filter((length) => length !== null)
  if (known !== undefined && lengths.length >= shape.length - 1) {
    const counts = readNumbers(known)
    return graph.integers(...shape.flatMap((length, axis) => [counts[axis]!, length ?? -1]))
  }
  const columns = [repeats, graph.shapeOf(x)].map((vector) =>
    graph.add('Unsqueeze', [vector, graph.integers(1)]),
  )
  const pairs = graph.add('Concat', columns, { axis: 1 })
  return graph.add('Reshape', [pairs, graph.integers(-1)])
}
