import { createNumberFormat } from '../text/format.js'
import { spellCount, joinList } from '../text/words.js'
import type { Label } from './labels.js'
import type { ShownExample } from './shown-example.js'
import type { SimilarityView } from './similarity-view.js'

/** What the picture says, in sentences. */
export function similaritySentence(view: SimilarityView): string {
  const { most, least } = view
  if (most.length === 0) return 'No training example has a score.'
  return [mostSentence(view), suspectSentence(view), mistakesSentence(view), leastSentence(view)]
    .concat(least.length === 0 ? [] : againstSentence(view))
    .filter((sentence) => sentence !== '')
    .join(' ')
}

/** Which classes score highest and lowest on average; '' without means. */
export function meansSentence({ means, name }: SimilarityView): string {
  const present = means.filter(({ count }) => count > 0).sort((a, b) => b.mean - a.mean)
  const highest = present[0]
  const lowest = present.at(-1)
  if (highest === undefined || lowest === undefined || highest === lowest) return ''
  const format = createNumberFormat(present.map(({ mean }) => mean))
  return (
    `On average, training examples labelled ${name(highest.label)} score highest (${format(highest.mean)}) and ` +
    `those labelled ${name(lowest.label)} lowest (${format(lowest.mean)}).`
  )
}

function mostSentence(view: SimilarityView): string {
  const { most, predicted, areClasses, name } = view
  const says = areClasses && predicted !== null ? `The model says ${name(predicted)}: the` : 'The'
  const subject =
    most.length === 1
      ? `${says} most similar training example`
      : `${says} ${spellCount(most.length)} most similar training examples`
  const labels = labelsText(most, view)
  if (labels === '') return scoresText(subject, most)
  return `${subject} ${most.length === 1 ? 'is' : 'are'} ${labels}.`
}

function leastSentence(view: SimilarityView): string {
  const { least } = view
  const labels = labelsText(least, view)
  if (labels === '') return ''
  const subject = least.length === 1 ? 'The least similar one is' : 'The least similar are'
  return `${subject} ${labels}.`
}

/** 'all labelled 3', 'labelled 3 (three) and 5 (two)', or the range of values. */
function labelsText(
  examples: readonly ShownExample[],
  { areClasses, name }: SimilarityView,
): string {
  const labels = examples.map(({ label }) => label).filter((label) => label !== undefined)
  if (labels.length === 0) return ''
  if (!areClasses) return rangeText(labels, name)
  const counts = new Map<string, number>()
  for (const label of labels) counts.set(name(label), (counts.get(name(label)) ?? 0) + 1)
  const parts = [...counts].sort(([, a], [, b]) => b - a)
  const [only] = parts
  if (parts.length === 1 && only !== undefined) {
    return `${labels.length === 1 ? '' : 'all '}labelled ${only[0]}`
  }
  return `labelled ${joinList(parts.map(([label, count]) => `${label} (${spellCount(count)})`))}`
}

function rangeText(values: readonly Label[], name: (label: Label) => string): string {
  const sorted = [...values].sort((a, b) => Number(a) - Number(b))
  const [first = NaN] = sorted
  const last = sorted.at(-1) ?? NaN
  const from = name(first)
  return from === name(last) ? `labelled ${from}` : `labelled ${from} to ${name(last)}`
}

function scoresText(subject: string, most: readonly ShownExample[]): string {
  const scores = most.map(({ score }) => score).filter((score) => score !== undefined)
  const [highest = NaN] = scores
  const lowest = scores.at(-1) ?? NaN
  const format = createNumberFormat(scores)
  const verb = most.length === 1 ? 'scores' : 'score'
  return highest === lowest
    ? `${subject} ${verb} ${format(highest)}.`
    : `${subject} ${verb} ${format(highest)} to ${format(lowest)}.`
}

/** Which labels may be wrong. */
function suspectSentence({ most, predicted, name }: SimilarityView): string {
  const suspects = most.filter(({ isSuspect }) => isSuspect)
  const [first] = suspects
  if (first?.label === undefined || predicted === null) return ''
  if (suspects.length === 1) {
    return `No. ${String(first.index)} is labelled ${name(first.label)}, not ${name(predicted)}: check its label.`
  }
  const numbers = joinList(suspects.map(({ index }) => String(index)))
  return `No. ${numbers} are not labelled ${name(predicted)}: check their labels.`
}

function mistakesSentence({ most, areClasses, name }: SimilarityView): string {
  if (!areClasses) return ''
  const known = most.filter(
    ({ label, predicted }) => label !== undefined && predicted !== undefined,
  )
  const mistakes = known.filter(({ label, predicted }) => name(label!) !== name(predicted!))
  if (mistakes.length === 0) return ''
  const count = mistakes.length === most.length ? 'all' : spellCount(mistakes.length)
  return `The model gets ${count} of them wrong.`
}

/** Whether the least similar speak against the answer, which learning them makes less likely. */
function againstSentence({ least, predicted, areClasses, name }: SimilarityView): string {
  const scored = least.filter(({ score }) => score !== undefined && Number.isFinite(score))
  if (scored.length === 0) return ''
  const answer = predicted === null ? 'the answer' : name(predicted)
  const [speaks, speak] = areClasses
    ? [`speaks against ${answer}`, `speak against ${answer}`]
    : ['has a negative score', 'have negative scores']
  const negative = scored.filter(({ score }) => score! < 0).length
  if (negative === 0) return `None of them ${speaks}.`
  if (negative === least.length) return negative === 1 ? `It ${speaks}.` : `All of them ${speak}.`
  return negative === 1
    ? `The first of them ${speaks}.`
    : `The first ${spellCount(negative)} of them ${speak}.`
}
