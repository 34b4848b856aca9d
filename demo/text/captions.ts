import type { ClassMean, Neighbour } from '../neighbours.js'
import type { Answer } from '../session.js'
import type { SignedMap } from '../signed-map.js'
import { formatFixed, formatPercent, sharedNotation } from './format.js'
import { capitalised, inWords, listed } from './numbers-in-words.js'
import { regionOfGreatest } from './regions.js'

export function answerCaption({ question, prediction }: Answer): string {
  const { outputs: probabilities, label } = prediction
  const [, second] = [...probabilities.keys()].sort(
    (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0),
  )
  const says = `The model says ${String(label)} (${formatPercent(probabilities[label] ?? 0)})`
  const next =
    second === undefined
      ? ''
      : `; next comes ${String(second)} (${formatPercent(probabilities[second] ?? 0)})`
  const { truth: trueLabel } = question
  if (trueLabel === undefined) return `${says}${next}.`
  const verdict =
    trueLabel === label
      ? 'It is right.'
      : `It is wrong: the digit is labelled ${String(trueLabel)}.`
  return `${says}${next}. ${verdict}`
}

/** Below this share of the whole, what speaks for or against is not worth a sentence. */
const slightShare = 0.02

export function attributionCaption({ attributions, target }: SignedMap): string {
  const positive = attributions.map((value) => Math.max(0, value))
  const negative = attributions.map((value) => Math.max(0, -value))
  const forIt = sum(positive)
  const againstIt = sum(negative)
  const whole = forIt + againstIt
  if (whole === 0) return `No pixel speaks for or against ${String(target)}.`
  const name = String(target)
  const forText = `what speaks most for ${name} lies ${regionOfGreatest(positive)}`
  const againstText = `what speaks most against it, ${regionOfGreatest(negative)}`
  if (againstIt < slightShare * whole) {
    return capitalised(`${forText}; hardly anything speaks against it.`)
  }
  if (forIt < slightShare * whole) {
    return `Hardly anything speaks for ${name}; ${againstText.replace('it,', 'it lies')}.`
  }
  if (regionOfGreatest(positive) === regionOfGreatest(negative)) {
    return capitalised(`${forText}, and so does what speaks most against it.`)
  }
  return capitalised(`${forText}; ${againstText}.`)
}

export function deltaText({ attributions, delta, targetProbability, target }: SignedMap): string {
  const total = sum(attributions)
  const rise = total - delta
  const decimals = 4
  return (
    `The map adds up to ${formatFixed(total, decimals)}; from an empty image to this digit the probability of ` +
    `${String(target)} goes from ${formatFixed(targetProbability - rise, decimals)} to ` +
    `${formatFixed(targetProbability, decimals)}. Convergence delta ${sharedNotation([delta])(delta)}.`
  )
}

export function nearestCaption(nearest: readonly Neighbour[], predictedLabel: number): string {
  const digits = `The ${inWords(nearest.length)} training digits that speak most for the answer`
  return `${digits} ${String(predictedLabel)} are ${labelCounts(nearest)}.${mistakesText(nearest)}`
}

export function farthestCaption(farthest: readonly Neighbour[], predictedLabel: number): string {
  const negative = farthest.filter(({ score }) => score < 0).length
  const digits = `The ${inWords(farthest.length)} that speak least for it are ${labelCounts(farthest)}`
  const learnt =
    negative === farthest.length ? 'them' : `the first ${negative === 1 ? '' : inWords(negative)}`
  const effect =
    negative === 0
      ? `none of them speaks against ${String(predictedLabel)}`
      : `learning ${learnt.trim()} makes the model less sure of ${String(predictedLabel)}`
  return `${digits}; ${effect}.`
}

export function meansCaption(means: readonly ClassMean[]): string {
  const present = means.filter(({ count }) => count > 0)
  const sorted = [...present].sort((a, b) => b.mean - a.mean)
  const highest = sorted[0]
  const lowest = sorted.at(-1)
  if (highest === undefined || lowest === undefined) return ''
  const format = sharedNotation(present.map(({ mean }) => mean))
  return (
    `On average, training digits labelled ${String(highest.label)} score highest (${format(highest.mean)}) and ` +
    `those labelled ${String(lowest.label)} lowest (${format(lowest.mean)}).`
  )
}

/** 'all 3s', or 'three 3s, a 5 and an 8'. */
function labelCounts(neighbours: readonly Neighbour[]): string {
  const counts = new Map<number, number>()
  for (const { trueLabel } of neighbours) counts.set(trueLabel, (counts.get(trueLabel) ?? 0) + 1)
  const parts = [...counts].sort(([a, m], [b, n]) => n - m || a - b)
  if (parts.length === 1) return `all ${String(parts[0]?.[0])}s`
  return listed(
    parts.map(([label, count]) =>
      count === 1
        ? `${label === 8 ? 'an' : 'a'} ${String(label)}`
        : `${inWords(count)} ${String(label)}s`,
    ),
  )
}

function mistakesText(neighbours: readonly Neighbour[]): string {
  const mistakes = neighbours.filter(
    ({ trueLabel, predictedLabel }) => trueLabel !== predictedLabel,
  )
  if (mistakes.length === 0) return ''
  const count = mistakes.length === neighbours.length ? 'all' : inWords(mistakes.length)
  return ` The model gets ${count} of them wrong.`
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0)
}
