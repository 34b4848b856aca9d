import type { LossSettings } from './loss.js'

/** A named loss in one line: its name and, as JSON in a fixed order, the options that it was given. */
export function describeLoss({ name, given, classWeight }: LossSettings): string {
  const options = Object.entries(given)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]): [string, unknown] =>
      key === 'classWeight' ? [key, sortedWeights(classWeight!)] : [key, value],
    )
  return options.length === 0 ? name : `${name} ${JSON.stringify(Object.fromEntries(options))}`
}

const sortedWeights = (weights: ReadonlyMap<number, number>): [number, number][] =>
  [...weights].toSorted(([one], [other]) => one - other)
