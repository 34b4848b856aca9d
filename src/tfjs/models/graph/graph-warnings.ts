import type { GraphNode } from './graph-nodes.js'

/** Returns warnings about a converted graph's parameters, one sentence each. */
export function listParameterWarnings(
  copies: ReadonlyMap<string, string>,
  nodes: readonly GraphNode[],
): string[] {
  return [...tiedWarning(copies), ...foldedWarning(nodes)]
}

function* tiedWarning(copies: ReadonlyMap<string, string>): Generator<string> {
  if (copies.size === 0) return
  const firsts = [...copies.values()]
  const groups = [...new Set(firsts)].map((first) => {
    const count = 1 + firsts.filter((one) => one === first).length
    return `'${first}' (${count} copies)`
  })
  yield (
    `the graph model has weights that the converter stored once for each use. Copies with equal values count as ` +
    `one parameter: ${listSome(groups)}.`
  )
}

/**
 * The converter names folded batch normalizations after the convolution: `…_weights`,
 * `…_bn_offset`.
 */
function* foldedWarning(nodes: readonly GraphNode[]): Generator<string> {
  const offsets = nodes.filter(({ op, name }) => op === 'Const' && name.endsWith('_bn_offset'))
  if (offsets.length === 0) return
  yield (
    `the converter folded batch normalization of the graph model into convolutions: ` +
    `${listSome(offsets.map(({ name }) => `'${name.replace(/_bn_offset$/, '')}'`))}. Gradients of the folded filters ` +
    'and offsets differ from those of the original parameters, and so do similarities. To explain the original ' +
    'parameters, load the model as a LayersModel.'
  )
}

const shownCount = 3

function listSome(items: readonly string[]): string {
  const shown = items.slice(0, shownCount).join(', ')
  return items.length > shownCount ? `${shown} and ${items.length - shownCount} more` : shown
}
