import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readString } from '../../model/attributes.js'
import { countFromZero, fixedLength, range, readConstantInput } from '../constants.js'
import { Formula } from '../formula.js'
import { refuse } from '../refuse.js'
import type { Rule } from '../rule.js'
import { sumIntoPositions } from './positions.js'

/** Padding: values that are repeated in it get the sum of the gradients of their copies. */
export const padding: Rule = {
  constantInputs: [1, 3],
  differentiate(node, [delta], graph) {
    const [x, , value = ''] = node.inputs as [string, string, string?]
    const rank = graph.rankOf(x)
    const given = readConstantInput(node, 1, 'pads', graph) ?? []
    const axes = readConstantInput(node, 3, 'axes', graph) ?? range(rank)
    const pads = range(2 * rank).fill(0)
    for (const [k, axis] of countFromZero(axes, rank).entries()) {
      pads[axis] = given[k]!
      pads[axis + rank] = given[k + axes.length]!
    }
    const mode = readString(node, 'mode', 'constant')
    if (mode === 'constant') {
      const cut = pads.map((count) => -count)
      const zero = graph.constant(0)
      const ofX = graph.add('Pad', [delta!, graph.integers(...cut), zero])
      return [ofX, undefined, value === '' ? undefined : sumOutside(graph, delta!, ofX, value)]
    }
    const find = sources[mode]
    if (find === undefined) throw refuse(node, `mode '${mode}' has no backward rule`)
    let gradient = delta!
    for (const axis of range(rank)) {
      const [before, after] = [pads[axis]!, pads[axis + rank]!]
      if (before === 0 && after === 0) continue
      const length = fixedLength(node, x, axis, graph)
      const positions = range(before + length + after).map((k) => find(k - before, length))
      gradient = sumIntoPositions(graph, gradient, positions, axis, rank, length)
    }
    return [gradient]
  },
}

/** Per mode, the position that an output position is copied from. */
const sources: Readonly<Record<string, (position: number, length: number) => number>> = {
  edge: (position, length) => Math.min(Math.max(position, 0), length - 1),
  wrap: (position, length) => ((position % length) + length) % length,
  reflect(position, length) {
    if (length === 1) return 0
    const period = 2 * (length - 1)
    const within = ((position % period) + period) % period
    return within < length ? within : period - within
  },
}

/** Returns the gradient of the value that the padding is filled with. */
function sumOutside(graph: GradientGraph, delta: string, inside: string, value: string): string {
  const total = graph.add('ReduceSum', [delta], { keepdims: 0 })
  const own = graph.add('ReduceSum', [inside], { keepdims: 0 })
  return graph.add('Reshape', [new Formula(graph).difference(total, own), graph.shapeOf(value)])
}
