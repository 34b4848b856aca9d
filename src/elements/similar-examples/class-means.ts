import type { Label, LabelList } from './labels.js'

/** The mean score of the training examples with one label. */
export interface ClassMean {
  readonly label: Label
  /** Of how many examples; the mean of none is NaN. */
  readonly count: number
  readonly mean: number
}

/**
 * One mean for each class, those of the given names first, in their order; a label that is none of them comes after.
 * Scores that are not finite do not count.
 *
 * @param indices the training examples that have the scores
 */
export function classMeans(
  scores: ArrayLike<number>,
  indices: ArrayLike<number>,
  trainLabels: LabelList,
  names: readonly string[],
): ClassMean[] {
  const sums = new Map<Label, { sum: number; count: number }>(
    names.map((_, label) => [label, { sum: 0, count: 0 }]),
  )
  for (let rank = 0; rank < scores.length; rank++) {
    const score = scores[rank]!
    const given = trainLabels[indices[rank]!]
    if (given === undefined || !Number.isFinite(score)) continue
    const label = typeof given === 'string' ? indexOfName(given, names) : given
    let entry = sums.get(label)
    if (entry === undefined) sums.set(label, (entry = { sum: 0, count: 0 }))
    entry.sum += score
    entry.count++
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
