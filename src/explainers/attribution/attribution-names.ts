import type { LayerSite } from '../../predictor.js'

/** The names of the arrays at one input, or at one layer. */
export interface NamedArrays {
  /** The layer; null for an input. */
  readonly layer: string | null
  readonly names: readonly string[]
}

/** The names of `count` tensors at a layer: the adapter's, or the layer's name with their numbers. */
export function namesAtLayer({ layer, tensors }: LayerSite, count: number): NamedArrays {
  if (tensors?.length === count) return { layer, names: tensors }
  const names = Array.from({ length: count }, (_, k) => (count === 1 ? layer : `${layer}:${k}`))
  return { layer, names }
}

/** Where the channels of `count` tensors at a layer are; null if the adapter doesn't know. */
export const channelsAtLayer = (
  { channels }: LayerSite,
  count: number,
): readonly ('first' | 'last' | null)[] =>
  channels?.length === count ? channels : Array.from({ length: count }, () => null)

/**
 * A name of its own for each array. Names that several arrays have are completed by their layer, 'encoder(question)',
 * and if that is not enough by a number, 'question#2'.
 */
export function distinctNames(groups: readonly NamedArrays[]): string[] {
  const all = groups.flatMap(({ layer, names }) => names.map((name) => ({ layer, name })))
  const counts = countNames(all.map(({ name }) => name))
  const completed = all.map(({ layer, name }) =>
    counts.get(name)! > 1 && layer !== null && layer !== name ? `${layer}(${name})` : name,
  )
  const seen = new Map<string, number>()
  return completed.map((name) => {
    const number = (seen.get(name) ?? 0) + 1
    seen.set(name, number)
    return number === 1 ? name : `${name}#${number}`
  })
}

function countNames(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
