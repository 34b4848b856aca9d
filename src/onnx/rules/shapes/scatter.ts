import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt, readString } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { Formula } from '../formula.js'
import { refuse } from '../refuse.js'
import type { Rule, Rules } from '../rule.js'

/** How an operator puts updates into a tensor, and takes values from the same places. */
interface Places {
  scatter(data: string, updates: string, reduction: 'none' | 'add'): string
  gather(data: string): string
}

/** Operators that put values at indices. */
export const scattering: Rules = {
  ScatterElements: createScatterRule((node, graph) => {
    const indices = node.inputs[1]!
    const axis = readInt(node, 'axis', 0)
    return {
      scatter: (data, updates, reduction) =>
        graph.add('ScatterElements', [data, indices, updates], { axis, reduction }),
      gather: (data) => graph.add('GatherElements', [data, indices], { axis }),
    }
  }),
  ScatterND: createScatterRule((node, graph) => {
    const indices = node.inputs[1]!
    return {
      scatter: (data, updates, reduction) =>
        graph.add('ScatterND', [data, indices, updates], { reduction }),
      gather: (data) => graph.add('GatherND', [data, indices]),
    }
  }),
}

function createScatterRule(placesOf: (node: OnnxNode, graph: GradientGraph) => Places): Rule {
  return {
    constantInputs: [1],
    differentiate(node, [delta], graph) {
      const [data, , updates] = node.inputs as [string, string, string]
      const [y] = node.outputs as [string]
      const places = placesOf(node, graph)
      const reduction = readString(node, 'reduction', 'none')
      switch (reduction) {
        case 'none': {
          const ofData = places.scatter(delta!, graph.filledLike(updates), 'none')
          return [ofData, undefined, places.gather(delta!)]
        }
        case 'add':
          return [delta, undefined, places.gather(delta!)]
        case 'max':
        case 'min': {
          // Those that are tied share the gradient equally.
          const f = new Formula(graph)
          const ofData = f.indicator(f.isEqual(data, y))
          const ofUpdates = f.indicator(f.isEqual(updates, places.gather(y)))
          const share = f.quotient(delta!, places.scatter(ofData, ofUpdates, 'add'))
          return [f.product(share, ofData), undefined, f.product(places.gather(share), ofUpdates)]
        }
        default:
          throw refuse(node, `reduction '${reduction}' has no backward rule`)
      }
    },
  }
}
