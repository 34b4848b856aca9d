import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readString } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { range } from '../constants.js'
import { refuse } from '../refuse.js'
import type { Rule } from '../rule.js'

/** The labels of the axes of each input and of the output, without ellipses. */
interface Equation {
  readonly inputs: readonly string[]
  readonly output: string
}

/** The gradient of an input is a product of the other inputs and of δ, with the same labels. */
export const einsum: Rule = {
  differentiate(node, [delta], graph) {
    const { inputs, output } = readEquation(node, graph)
    return node.inputs.map((input, k) => {
      if (!graph.needs(input)) return undefined
      const own = inputs[k]!
      if (new Set(own).size < own.length) {
        throw refuse(node, `an input with a repeated label, '${own}', has no backward rule`)
      }
      const others = range(inputs.length).filter((other) => other !== k)
      const sources = [output, ...others.map((other) => inputs[other]!)]
      const known = Array.from(own).filter((label) =>
        sources.some((source) => source.includes(label)),
      )
      const product = graph.add('Einsum', [delta!, ...others.map((other) => node.inputs[other]!)], {
        equation: `${sources.join(',')}->${known.join('')}`,
      })
      if (known.length === own.length) return product
      // Labels that only this input has are summed over: all of its elements have the same gradient.
      const missing = range(own.length).filter((axis) => !known.includes(own[axis]!))
      const apart = graph.add('Unsqueeze', [product, graph.integers(...missing)])
      return graph.add('Expand', [apart, graph.shapeOf(input)])
    })
  },
}

function readEquation(node: OnnxNode, graph: GradientGraph): Equation {
  const text = readString(node, 'equation', '').replaceAll(' ', '')
  const [left = '', right] = text.split('->')
  const terms = left.split(',')
  const free = Array.from(letters).filter((letter) => !text.includes(letter))
  const ranks = terms.map((term, k) =>
    term.includes('...') ? graph.rankOf(node.inputs[k]!) - (term.length - 3) : 0,
  )
  const hidden = free.slice(0, Math.max(...ranks)).join('')
  const inputs = terms.map((term, k) =>
    term.replace('...', hidden.slice(hidden.length - ranks[k]!)),
  )
  refuseBroadcast(node, inputs, hidden, graph)
  return { inputs, output: (right ?? defaultOutput(left, hidden)).replace('...', hidden) }
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The axes of the ellipsis, then the labels that occur once, in alphabetical order. */
function defaultOutput(left: string, hidden: string): string {
  const labels = left.replaceAll(/[.,]/g, '')
  const once = Array.from(labels).filter(
    (label) => labels.indexOf(label) === labels.lastIndexOf(label),
  )
  return hidden + once.sort().join('')
}

function refuseBroadcast(
  node: OnnxNode,
  inputs: readonly string[],
  hidden: string,
  graph: GradientGraph,
): void {
  for (const label of hidden) {
    const lengths = inputs.flatMap((input, k) => {
      const axis = input.indexOf(label)
      return axis < 0 ? [] : [graph.lengthOf(node.inputs[k]!, axis)]
    })
    if (new Set(lengths).size > 1) {
      throw refuse(
        node,
        'an ellipsis that broadcasts axes of different lengths has no backward rule',
      )
    }
  }
}
