import { isPlaced } from '../graph/batch-layout.js'
import { readString } from '../model/attributes.js'
import type { UseRule } from './parameter-use.js'

/** The gradients themselves: the equation with the batch's index kept, where it has one of its own. */
export const einsumUse: UseRule = ({ graph, node, input, delta, layout, placementOf }) => {
  const [left = '', result] = readString(node, 'equation', '').replaceAll(' ', '').split('->')
  const terms = left.split(',')
  const own = terms[input]
  const other = terms[1 - input]
  const placement = placementOf(node.inputs[1 - input] ?? '')
  const isPlain = own !== undefined && other !== undefined && terms.length === 2
  if (!isPlain || result === undefined || left.includes('.') || !isPlaced(placement))
    return undefined
  const batch = result[layout.axis]!
  // Indices of the parameter that only it has would have to be repeated.
  const isSummedAlone = own
    .split('')
    .some((index) => !result.includes(index) && !other.includes(index))
  const hasOwnAxis = [layout, placement].every(({ outer, inner }) => outer * inner === 1)
  if (isSummedAlone || !hasOwnAxis || own.includes(batch) || other[placement.axis] !== batch) {
    return undefined
  }
  const equation = `${result},${other}->${batch}${own}`
  const gradients = graph.add('Einsum', [delta, node.inputs[1 - input]!], { equation })
  const parameter = node.inputs[input]!
  const size = graph.infoOf(parameter).shape.reduce<number>((all, length) => all * (length ?? 1), 1)
  const values = graph.add('Reshape', [gradients, graph.integers(-1, size)])
  return { kind: 'dense', parameter, size, values }
}
