import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { isNdArray, rowOf, type GivenExplanation } from '../base/explanation-source.js'
import { isImageShape } from '../base/picture/pixels.js'
import { formatValue, createNumberFormat } from '../text/format.js'
import { classMeans, type ClassMean } from './class-means.js'
import { nameOf, readLabels, type Label, type LabelList, type Labels } from './labels.js'
import { pickedExample, rankedEnds, type RankedExample } from './ranked-ends.js'
import type { ExampleContent, ShownExample } from './shown-example.js'
import { scaleOf, type SignedScale } from '../base/color/signed-scale.js'
import { isRecord } from '../../is-record.js'

/** What kind of data the examples are. */
export type ExampleKind = 'image' | 'text' | 'tabular'

/** All training examples, in the order of the fit: an array, or a list of texts, addresses, arrays or rows. */
export type Examples = NdArray | readonly (string | NdArray | readonly (number | string)[])[] | null

export interface SimilarityViewOptions {
  /** Which of the explained examples. */
  readonly index: number
  readonly kind: ExampleKind | null
  readonly examples: Examples
  readonly urlTemplate: string | null
  /** The names of the classes. */
  readonly labels: readonly string[]
  readonly trainLabels: Labels
  readonly trainPredictions: Labels
  readonly predicted: Label | null
}

/** All that is shown of a ranking. */
export interface SimilarityView {
  readonly most: readonly ShownExample[]
  readonly least: readonly ShownExample[]
  readonly scale: SignedScale
  /** None for values (regression), without labels, or where the most similar alone were ranked. */
  readonly means: readonly ClassMean[]
  readonly predicted: Label | null
  /** How labels are written. */
  readonly name: (label: Label) => string
  readonly areClasses: boolean
}

/** Of the highest score: examples that score next to nothing have taught the model nothing of this one. */
const leastSuspectShare = 0.1

/** @throws InvalidArgumentError if the explanation has no ranking, or what is given beside it does not fit */
export function similarityView(
  explanation: GivenExplanation,
  options: SimilarityViewOptions,
): SimilarityView {
  const { labels, predicted } = options
  const trainLabels = readLabels('trainLabels', options.trainLabels)
  const trainPredictions = readLabels('trainPredictions', options.trainPredictions)
  const trainCount = Math.max(trainLabels.length, countOf(options.examples))
  const { scores, indices, isWhole, ...ends } = rankedEnds(explanation, options.index, trainCount)
  const areClasses = labelsAreClasses(explanation, trainLabels)
  const values = areClasses ? [] : [...valuesIn(trainLabels, trainPredictions, [predicted])]
  const format = values.every(Number.isInteger) ? formatValue : createNumberFormat(values)
  const name = (label: Label): string =>
    areClasses || typeof label === 'string' ? nameOf(label, labels) : format(label)

  const highest = Math.max(0, ends.most[0]?.score ?? 0)
  const shown = (ranked: RankedExample, picked: unknown, isMost: boolean): ShownExample => {
    const { index, score } = ranked
    const label = index === undefined ? undefined : trainLabels[index]
    return {
      index,
      score,
      content: contentOf(ranked, picked, options),
      label,
      predicted: index === undefined ? undefined : trainPredictions[index],
      isSuspect:
        isMost &&
        areClasses &&
        score !== undefined &&
        score > leastSuspectShare * highest &&
        label !== undefined &&
        predicted !== null &&
        name(label) !== name(predicted),
    }
  }
  const { mostSimilar, leastSimilar } = explanation.data
  const most = ends.most.map((ranked) => shown(ranked, mostSimilar, true))
  const least = ends.least.map((ranked) => shown(ranked, leastSimilar, false))
  return {
    most,
    least,
    scale: scaleOf([...most, ...least].map(({ score }) => score)),
    means: areClasses && isWhole ? classMeans(scores, indices, trainLabels, labels) : [],
    predicted,
    name,
    areClasses,
  }
}

/** Values of a regression are no classes: its task says so, or they are no whole numbers. */
function labelsAreClasses({ meta }: GivenExplanation, labels: LabelList): boolean {
  const { params } = meta
  if (isRecord(params) && params['taskName'] === 'regression') return false
  for (const label of labels) {
    if (typeof label === 'number' && !Number.isInteger(label)) return false
  }
  return true
}

function contentOf(
  { index, position }: RankedExample,
  picked: unknown,
  { index: row, kind, examples, urlTemplate }: SimilarityViewOptions,
): ExampleContent {
  if (urlTemplate !== null && index !== undefined) {
    return { kind: 'address', url: urlTemplate.replaceAll('{id}', String(index)) }
  }
  const own = index === undefined ? undefined : exampleAt(examples, index)
  return asContent(own ?? pickedExample(picked, row, position), kind)
}

function asContent(example: unknown, kind: ExampleKind | null): ExampleContent {
  if (typeof example === 'string') {
    return kind === 'image' ? { kind: 'address', url: example } : { kind: 'text', text: example }
  }
  if (Array.isArray(example)) return { kind: 'row', cells: example as (number | string)[] }
  if (!isNdArray(example)) return { kind: 'none' }
  if (kind !== 'tabular' && isImageShape(example.shape)) return { kind: 'image', pixels: example }
  return { kind: 'row', cells: Array.from(example.data) }
}

function* valuesIn(...lists: readonly Iterable<Label | null>[]): Generator<number> {
  for (const list of lists) {
    for (const label of list) if (typeof label === 'number') yield label
  }
}

function exampleAt(examples: Examples, index: number): unknown {
  if (examples === null) return undefined
  return isNdArray(examples) ? rowOf(examples, index, 'examples') : examples[index]
}

function countOf(examples: Examples | undefined): number {
  if (examples === null || examples === undefined) return 0
  if (isNdArray(examples)) return examples.shape[0] ?? 0
  if (Array.isArray(examples)) return examples.length
  const expected = 'an array [n, …], or a list of texts, addresses, arrays or rows'
  throw new InvalidArgumentError('examples', describe(examples), expected)
}
