import { createNumberFormat } from '../../text/format.js'
import { capitalize, joinList, spellCount } from '../../text/words.js'
import { differs, type Label } from '../labels.js'
import { createScoreFormat, listScores } from './score-format.js'
import type { ShownExample } from '../shown-example.js'
import type { SimilarityView } from '../similarity-view.js'

/** Describes the ranking in a few sentences. */
export function describeSimilarity(view: SimilarityView): string {
  return joinSentences([describeMostSimilar(view), describeLeastSimilar(view)])
}

/** Describes the most similar examples: their labels, a label to check, and the model's mistakes. */
export function describeMostSimilar(view: SimilarityView): string {
  if (view.most.length === 0) return `No ${view.nouns.one} has a score.`
  return joinSentences([describeMost(view), describeSuspect(view), describeMistakes(view)])
}

/** Describes the least similar examples; '' without any. */
export function describeLeastSimilar(view: SimilarityView): string {
  if (view.most.length === 0 || view.least.length === 0) return ''
  return joinSentences([describeLeast(view), describeNegative(view)])
}

const joinSentences = (sentences: readonly string[]): string =>
  sentences.filter((sentence) => sentence !== '').join(' ')

/** The classes with the highest and the lowest mean score; '' without means. */
export function describeMeans({ means, name, nouns }: SimilarityView): string {
  const present = means.filter(({ count }) => count > 0).sort((a, b) => b.mean - a.mean)
  const highest = present[0]
  const lowest = present.at(-1)
  if (highest === undefined || lowest === undefined || highest === lowest) return ''
  const format = createNumberFormat(present.map(({ mean }) => mean))
  return (
    `On average, ${nouns.many} labelled ${name(highest.label)} score highest (${format(highest.mean)}) and ` +
    `those labelled ${name(lowest.label)} lowest (${format(lowest.mean)}).`
  )
}

function describeMost(view: SimilarityView): string {
  const { most, predicted, areClasses, name, measure, nouns } = view
  const isAnswer = areClasses && predicted !== null && measure.hasQuestion
  const says = isAnswer ? `The model says ${name(predicted)}: the` : 'The'
  const count = most.length === 1 ? '' : spellCount(most.length)
  const subject = `${says} ${measure.nameMost(count, nouns)}`
  const labels = describeLabels(most, view)
  if (labels === '') {
    const names = describeNames(most, view)
    return names === ''
      ? describeScores(subject, view)
      : `${says} ${measure.nameMost('', nouns)} is ${names}.`
  }
  return `${subject} ${most.length === 1 ? 'is' : 'are'} ${labels}.`
}

function describeLeast(view: SimilarityView): string {
  const { least, measure } = view
  const labels = describeLabels(least, view) || joinList(listNames(least))
  if (labels === '') return ''
  return `${measure.nameLeast(least.length === 1)} ${labels}.`
}

/** 'a cup of coffee (0.85), then a cat (0.03)'; '' without names. */
function describeNames(examples: readonly ShownExample[], view: SimilarityView): string {
  const names = listNames(examples)
  if (names.length === 0) return ''
  const format = createScoreFormat(view)
  return names
    .slice(0, 2)
    .map((name, rank) => `${name} (${format(examples[rank]?.score ?? NaN)})`)
    .join(', then ')
}

/** The names of the examples; none if an example has no name. */
function listNames(examples: readonly ShownExample[]): string[] {
  const names = examples.map(({ name }) => name).filter((name) => name !== undefined)
  return names.length === examples.length ? names : []
}

/** 'all labelled 3', 'labelled 3 (three) and 5 (two)', or the range of the values. */
function describeLabels(
  examples: readonly ShownExample[],
  { areClasses, name }: SimilarityView,
): string {
  const labels = examples.map(({ label }) => label).filter((label) => label !== undefined)
  if (labels.length === 0) return ''
  if (!areClasses) return describeRange(labels, name)
  const counts = new Map<string, number>()
  for (const label of labels) counts.set(name(label), (counts.get(name(label)) ?? 0) + 1)
  const parts = [...counts].sort(([, a], [, b]) => b - a)
  const [only] = parts
  if (parts.length === 1 && only !== undefined) {
    return `${labels.length === 1 ? '' : 'all '}labelled ${only[0]}`
  }
  return `labelled ${joinList(parts.map(([label, count]) => `${label} (${spellCount(count)})`))}`
}

function describeRange(values: readonly Label[], name: (label: Label) => string): string {
  const sorted = [...values].sort((a, b) => Number(a) - Number(b))
  const [first = NaN] = sorted
  const last = sorted.at(-1) ?? NaN
  const from = name(first)
  return from === name(last) ? `labelled ${from}` : `labelled ${from} to ${name(last)}`
}

function describeScores(subject: string, view: SimilarityView): string {
  const scores = listScores(view.most)
  const [highest = NaN] = scores
  const lowest = scores.at(-1) ?? NaN
  const format = createScoreFormat(view)
  const verb = view.most.length === 1 ? 'scores' : 'score'
  return highest === lowest
    ? `${subject} ${verb} ${format(highest)}.`
    : `${subject} ${verb} ${format(highest)} to ${format(lowest)}.`
}

/** The labels that may be wrong, or the one that may be, and the class of the others. */
function describeSuspect({ most, name, hasSuspects, measure }: SimilarityView): string {
  if (hasSuspects) {
    const suspects = most.filter(({ isSuspect }) => isSuspect).map(nameExample)
    // Where all are to be checked, the title says so.
    if (suspects.length === 0 || measure.name === 'suspicion') return ''
    return `Check the ${suspects.length === 1 ? 'label' : 'labels'} of ${joinList(suspects)}.`
  }
  const suspect = most.find(({ isSuspect }) => isSuspect)
  const witness = most.find((example) => example !== suspect)
  if (suspect?.label === undefined || witness?.label === undefined) return ''
  return (
    `${capitalize(nameExample(suspect))} is labelled ${name(suspect.label)}, ` +
    `unlike the others, which are labelled ${name(witness.label)}: check its label.`
  )
}

/** An example as its card shows it. */
const nameExample = ({ name, index }: ShownExample): string => name ?? `no. ${index}`

function describeMistakes(view: SimilarityView): string {
  const { most } = view
  const mistakes = most.filter((example) => differs(example, view))
  if (mistakes.length === 0) return ''
  const count = mistakes.length === most.length ? 'all' : spellCount(mistakes.length)
  return `The model gets ${count} of them wrong.`
}

/**
 * How many of the least similar have a negative score: training on them makes the prediction less
 * likely.
 */
function describeNegative({ least, predicted, areClasses, name, measure }: SimilarityView): string {
  if (!measure.hasQuestion) return ''
  const scored = least.filter(({ score }) => score !== undefined && Number.isFinite(score))
  if (scored.length === 0) return ''
  const answer = predicted === null ? 'the prediction' : name(predicted)
  const [counts, count] = areClasses
    ? [`counts against ${answer}`, `count against ${answer}`]
    : ['has a negative score', 'have negative scores']
  const negative = scored.filter(({ score }) => score! < 0).length
  if (negative === 0) return `None of them ${counts}.`
  if (negative === least.length) return negative === 1 ? `It ${counts}.` : `All of them ${count}.`
  return negative === 1
    ? `The first of them ${counts}.`
    : `The first ${spellCount(negative)} of them ${count}.`
}
