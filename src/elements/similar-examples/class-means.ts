import type { Label } from './labels.js'

/** The mean score of the training examples with one label. */
export interface ClassMean {
  readonly label: Label
  /** Of how many examples; the mean of none is NaN. */
  readonly count: number
  readonly mean: number
}

/**
 * One mean for each class, those of the given names first, in their order; a label that is none of them comes after.
 *
 * @param order the training examples that have a finite score
 */
export function classMeans(
  order: readonly { readonly index: number; readonly score: number }[],
  trainLabels: readonly Label[],
  names: readonly string[],
): ClassMean[] {
  const sums = new Map<Label, { sum: number; count: number }>(
    names.map((_, label) => [label, { sum: 0, count: 0 }]),
  )
  for (const { index, score } of order) {
    const given = trainLabels[index]
    if (given === undefined) continue
    const label = typeof given === 'string' ? indexOfName(given, names) : given
    const entry = sums.get(label) ?? { sum: 0, count: 0 }
    sums.set(label, { sum: entry.sum + score, count: entry.count + 1 })
  }
  const means = Array.from(sums, ([label, { sum, count }]) => ({ label, count, mean: sum / count }))
  return means.sort((a, b) => compareLabels(a.label, b.label))
}

function indexOfName(name: string, names: readonly string[]): Label {
  const index = names.indexOf(name)
  return index < 0 ? name : index
}

function compareLabels(a: Label, b: Label): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b)
  return typeof a === 'number' ? -1 : 1
}
