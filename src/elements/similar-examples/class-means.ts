import type { Label, LabelList } from './labels.js'

/** The mean score of the training examples with one label. */
export interface ClassMean {
  readonly label: Label
  /** The number of examples. The mean of no examples is NaN. */
  readonly count: number
  readonly mean: number
}

/**
 * The mean score of each class. Named classes come first, in the order of their names, also those
 * without an example; other labels follow. Scores that are not finite are ignored. Without any
 * labelled example there are no means.
 *
 * @param indices the training examples that the scores belong to
 * @param excluded a training example that is ignored; null: none
 */
export function computeClassMeans(
  scores: ArrayLike<number>,
  indices: ArrayLike<number>,
  trainLabels: LabelList,
  names: readonly string[],
  excluded: number | null,
): ClassMean[] {
  const sums = new Map<Label, { sum: number; count: number }>(
    names.map((_, label) => [label, { sum: 0, count: 0 }]),
  )
  for (let rank = 0; rank < scores.length; rank++) {
    const score = scores[rank]!
    const given = trainLabels[indices[rank]!]
    if (given === undefined || !Number.isFinite(score) || indices[rank] === excluded) continue
    const label = typeof given === 'string' ? findLabelOfName(given, names) : given
    let entry = sums.get(label)
    if (entry === undefined) sums.set(label, (entry = { sum: 0, count: 0 }))
    entry.sum += score
    entry.count++
  }
  const means = Array.from(sums, ([label, { sum, count }]) => ({ label, count, mean: sum / count }))
  if (means.every(({ count }) => count === 0)) return []
  return means.sort((a, b) => compareLabels(a.label, b.label))
}

function findLabelOfName(name: string, names: readonly string[]): Label {
  const index = names.indexOf(name)
  return index < 0 ? name : index
}

function compareLabels(a: Label, b: Label): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b)
  return typeof a === 'number' ? -1 : 1
}
