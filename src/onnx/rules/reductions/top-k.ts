import { readInt } from '../../model/attributes.js'
import type { Rule } from '../rule.js'

/** The largest or smallest values of an axis: each takes its gradient. */
export const topK: Rule = {
  constantInputs: [1],
  differentiate(node, [delta], graph) {
    if (delta === undefined) return []
    const [x, count] = node.inputs as [string, string]
    const [, given = ''] = node.outputs
    const axis = readInt(node, 'axis', -1)
    const indices =
      given === ''
        ? graph.addSeveral(
            'TopK',
            [x, count],
            { axis, largest: readInt(node, 'largest', 1) },
            2,
          )[1]!
        : given
    return [graph.add('ScatterElements', [graph.filledLike(x), indices, delta], { axis })]
  },
}
