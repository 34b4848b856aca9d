import { formatPercent } from '../text/format.js'
import type { ClassProbabilities } from './class-probabilities.js'

/** 'The model says 8 (61 %), then 3 (20 %). It is wrong: the example is labelled 3.' */
export function describeProbabilities(
  { classes, predicted }: ClassProbabilities,
  truth: string | null,
): string {
  const others = classes.filter((each) => each !== predicted)
  const next = others.reduce<(typeof others)[number] | undefined>(
    (most, each) => (most === undefined || each.probability > most.probability ? each : most),
    undefined,
  )
  const says = `The model says ${predicted.label} (${formatPercent(predicted.probability)})`
  const follows =
    next === undefined ? '' : `, then ${next.label} (${formatPercent(next.probability)})`
  if (truth === null) return `${says}${follows}.`
  const verdict =
    truth === predicted.label ? 'It is right.' : `It is wrong: the example is labelled ${truth}.`
  return `${says}${follows}. ${verdict}`
}
