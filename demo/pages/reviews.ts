import { joinList } from 'gradlens/elements'
import { loadTraining, type Training } from '../data/images.js'
import { reviewLength, tokensOf } from '../data/review-tokens.js'
import { loadReviews, type Review, type Reviews } from '../data/reviews.js'
import { loadSuspects, type Suspects } from '../data/suspects.js'
import { find, setText } from '../dom.js'
import { ExplainedPage } from '../explained-page.js'
import { encodeOneHot } from '../explaining/label-arrays.js'
import type { Question } from '../explaining/question.js'
import { registerElements } from '../register-elements.js'
import { describeModel } from '../text/facts.js'
import { createChoices, type Choice, type Choices } from '../views/choices.js'

registerElements()

interface Data {
  readonly suspects: Suspects
  readonly reviews: Reviews
  readonly training: Training
}

const noun = { one: 'sentence', many: 'sentences' } as const
const classNames = ['negative', 'positive'] as const
const referenceCount = 800
/** The number of sentences in each group to pick from. */
const perGroup = 6
/** A typed sentence is explained after a pause of this length. */
const typingPauseMs = 250

const sentence = find('#sentence', HTMLTextAreaElement)
const caption = find('#question-caption', HTMLElement)
let choices: Choices | undefined
let reviews: Reviews | undefined
/** The text that the attribution belongs to. The user may have typed more since. */
let askedText = ''
let typing: ReturnType<typeof setTimeout> | undefined

const page: ExplainedPage<Data> = new ExplainedPage<Data>({
  dataSet: 'reviews',
  noun,
  references: referenceCount,
  referenceCounts: [100, 300],
  delta: {
    baseline: 'an empty sentence',
    output: (target) => `the probability of ${classNames[target] ?? ''}`,
    unit: '',
    decimals: 4,
  },
  async load(folder, signal) {
    const [loaded, training, suspects] = await Promise.all([
      loadReviews(folder, signal),
      loadTraining(folder),
      loadSuspects(folder, signal),
    ])
    return { reviews: loaded, training, suspects }
  },
  listReferences: ({ reviews: { training, encode } }) => ({
    x: encode(training.map(({ text }) => text)),
    y: encodeOneHot(
      training.map(({ label }) => label),
      classNames.length,
    ),
  }),
  ready({ reviews: loaded, training }) {
    reviews = loaded
    const wrong = new Set(training.heldOut.misclassified)
    const groups = [
      listChoices(loaded.heldOut, wrong, true),
      listChoices(loaded.heldOut, wrong, false),
    ]
    choices = createChoices(find('#strip', HTMLElement), groups, (index) => {
      page.pick(index)
    })
    setText(find('#model-facts', HTMLElement), describeModel(training, noun.many))
    return { heldOutCount: loaded.heldOut.length, first: groups[0]?.[0]?.index ?? 0 }
  },
  pick({ reviews: loaded }, index) {
    choices?.mark(index)
    const review = loaded.heldOut[index]!
    const note = `Held-out sentence no. ${index}, labelled ${nameOf(review)}; the model was not trained on it.`
    return showReview(loaded, review, note)
  },
  pickTraining({ reviews: loaded }, index) {
    choices?.mark(undefined)
    const review = loaded.training[index]!
    const note = `Training sentence no. ${index}, labelled ${nameOf(review)}; the model was trained on it.`
    return showReview(loaded, review, note)
  },
  suspects: ({ suspects }) => suspects,
  showReferences(element, { reviews: loaded }, count) {
    const training = loaded.training.slice(0, count)
    element.examples = training.map(({ text }) => text)
    element.trainLabels = training.map(({ label }) => label)
  },
  attribution(explanation) {
    page.explainer.tokens = listWords(askedText)
    return explanation
  },
})
page.explainer.labels = classNames

const nameOf = ({ label }: Review): string => classNames[label] ?? ''

function showReview(loaded: Reviews, { text, label }: Review, note: string): Question {
  clearTimeout(typing)
  sentence.value = text
  askedText = text
  setText(caption, `${note} ${describeUnknownWords(loaded, text)}`.trim())
  return { input: loaded.encode([text]), truth: label }
}

sentence.addEventListener('input', () => {
  clearTimeout(typing)
  typing = setTimeout(askTyped, typingPauseMs)
})

function askTyped(): void {
  if (reviews === undefined) return
  const text = sentence.value
  choices?.mark(undefined)
  askedText = text
  const isEmpty = tokensOf(text).length === 0
  setText(
    caption,
    isEmpty ? 'Type a sentence.' : `Your sentence. ${describeUnknownWords(reviews, text)}`.trim(),
  )
  page.ask(isEmpty ? undefined : reviews.encode([text]))
}

/** The text of each position of the model's input; '' for padding. */
function listWords(text: string): string[] {
  const tokens = tokensOf(text).slice(0, reviewLength)
  return Array.from({ length: reviewLength }, (_, position) => {
    const token = tokens[position]
    return token === undefined ? '' : text.slice(token.start, token.end)
  })
}

function describeUnknownWords({ vocabulary }: Reviews, text: string): string {
  const tokens = tokensOf(text)
  const unknown = [
    ...new Set(tokens.filter(({ word }) => !vocabulary.has(word)).map(({ word }) => `“${word}”`)),
  ]
  const shown = unknown.length > 4 ? [...unknown.slice(0, 3), 'others'] : unknown
  const left = tokens.length > reviewLength ? ` It reads only the first ${reviewLength} words.` : ''
  return (unknown.length === 0 ? '' : `It does not know ${joinList(shown)}.`) + left
}

function listChoices(
  heldOut: readonly Review[],
  wrong: ReadonlySet<number>,
  isWrong: boolean,
): Choice[] {
  return heldOut
    .map(({ text, label }, index) => ({ index, text, note: classNames[label] ?? '' }))
    .filter(({ index }) => wrong.has(index) === isWrong)
    .slice(0, perGroup)
}
