import { readFloat, readInt } from '../../model/attributes.js'
import { fixedLength, range } from '../constants.js'
import { Formula } from '../formula.js'
import type { Rule } from '../rule.js'
import { multiplyAxis } from '../shapes/positions.js'

/**
 * Local response normalization: y = x s^−β with s = bias + α/size · Σ x² over neighbouring channels. The gradient is
 * δ s^−β − 2αβ/size · x · Σ δ y / s, the sum over the channels whose neighbourhoods have this one.
 */
export const localResponseNormalization: Rule = {
  differentiate(node, [delta], graph) {
    const [x] = node.inputs as [string]
    const [y] = node.outputs as [string]
    const f = new Formula(graph)
    const size = readInt(node, 'size', 1)
    const [alpha, beta] = [readFloat(node, 'alpha', 1e-4), readFloat(node, 'beta', 0.75)]
    const rank = graph.rankOf(x)
    const channels = fixedLength(node, x, 1, graph)
    const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)]
    const sum = (tensor: string, first: number, last: number): string => {
      const band = range(channels * channels).map((at) => {
        const [from, to] = [Math.floor(at / channels), at % channels]
        return from - to >= -first && from - to <= last ? 1 : 0
      })
      return multiplyAxis(graph, tensor, band, [channels, channels], 1, rank)
    }
    const squares = sum(f.square(x), before, after)
    const scale = f.sum(readFloat(node, 'bias', 1), f.product(alpha / size, squares))
    const own = f.product(delta!, f.power(scale, -beta))
    // A channel's neighbourhood is turned around for those that it is in.
    const shared = sum(f.quotient(f.product(delta!, y), scale), after, before)
    const factor = (2 * alpha * beta) / size
    return [f.difference(own, f.product(factor, f.product(x, shared)))]
  },
}
