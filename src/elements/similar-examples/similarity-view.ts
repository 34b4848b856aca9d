import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { getExampleAt, isNdArray, type GivenExplanation } from '../base/explanation-source.js'
import { type Channels, moveChannelsLast, readChannels } from '../base/picture/channels.js'
import { isImageShape } from '../base/picture/pixels.js'
import { type Extent, findExtent, readColumns } from '../base/series/series-columns.js'
import { formatValue, createNumberFormat } from '../text/format.js'
import { computeClassMeans, type ClassMean } from './class-means.js'
import { nameLabel, readLabels, type Label, type LabelList, type Labels } from './labels.js'
import { type ExampleNouns, type Nouns, readNouns } from './wording/nouns.js'
import { getPickedExample, readRankedEnds, type RankedExample } from './ranked-ends.js'
import type { ExampleContent, ShownExample } from './shown-example.js'
import { readMeasure, type Measure } from './wording/measure.js'
import { areCosines, isSuspect, readSuspects, type Suspects } from './suspects.js'
import { scaleOf, type SignedScale } from '../base/color/signed-scale.js'
import { isRecord } from '../../is-record.js'

/** The kind of data of the examples. */
export type ExampleKind = 'image' | 'text' | 'tabular' | 'series'

export const exampleKinds: readonly ExampleKind[] = ['image', 'text', 'tabular', 'series']

/**
 * All training examples, in the order of the fit: an array, or a list of texts, image URLs, arrays
 * or rows.
 */
export type Examples = NdArray | readonly (string | NdArray | readonly (number | string)[])[] | null

export interface SimilarityViewOptions {
  /** The index of the explained example. */
  readonly index: number
  readonly kind: ExampleKind | null
  readonly examples: Examples
  readonly urlTemplate: string | null
  /** Null: the explanation's. */
  readonly channels: Channels | null
  /** The names of the classes. */
  readonly labels: readonly string[]
  readonly trainLabels: Labels
  readonly trainPredictions: Labels
  readonly trainSuspects: Suspects
  readonly predicted: Label | null
  /** How many examples of each end. */
  readonly count: number | null
  /** The names of the training examples. */
  readonly trainNames: readonly string[]
  /** The training example that is explained, which is not listed; null: none of them. */
  readonly explainedIndex: number | null
  readonly nouns: Nouns
}

/** Everything that is shown of a ranking. */
export interface SimilarityView {
  readonly most: readonly ShownExample[]
  readonly least: readonly ShownExample[]
  /** The scale of the scores' bars; null for scores that bars would not tell apart. */
  readonly scale: SignedScale | null
  /** For time series: the range of each feature in the examples that are shown. */
  readonly extents: readonly Extent[]
  /** Empty for a regression, without labels, or if only the most similar examples were ranked. */
  readonly means: readonly ClassMean[]
  readonly measure: Measure
  /** Whether the page knows which labels may be wrong. */
  readonly hasSuspects: boolean
  readonly predicted: Label | null
  /** Formats a label. */
  readonly name: (label: Label) => string
  readonly areClasses: boolean
  readonly nouns: ExampleNouns
}

/**
 * @param areAddresses whether texts in `examples` are addresses of images
 * @throws InvalidArgumentError if the explanation has no ranking, or an option does not match it
 */
export function createSimilarityView(
  explanation: GivenExplanation,
  options: SimilarityViewOptions,
  areAddresses = false,
): SimilarityView {
  // The options can be an element, whose properties are getters.
  const { index: row, kind, examples, urlTemplate, labels, predicted } = options
  const { count, explainedIndex } = options
  const measure = readMeasure(explanation)
  const trainLabels = readLabels('trainLabels', options.trainLabels)
  const trainPredictions = readLabels('trainPredictions', options.trainPredictions)
  const trainCount = Math.max(trainLabels.length, countExamples(examples))
  const { scores, indices, isWhole, ...ends } = readRankedEnds(explanation, {
    row,
    trainCount,
    count,
    // Rankings of the training examples alone are about none of them.
    explainedIndex: measure.hasQuestion ? explainedIndex : null,
    hasOwnExamples: countExamples(examples) > 0 || urlTemplate !== null,
  })
  const areClasses = areLabelsClasses(explanation, trainLabels)
  const values = areClasses ? [] : [...listValues(trainLabels, trainPredictions, [predicted])]
  const format = values.every(Number.isInteger) ? formatValue : createNumberFormat(values)
  const name = (label: Label): string =>
    areClasses || typeof label === 'string' ? nameLabel(label, labels) : format(label)

  const channels = readChannels(options.channels, explanation, 0)
  const shown = (ranked: RankedExample, picked: unknown): ShownExample => {
    const { index, score } = ranked
    const label = index === undefined ? undefined : trainLabels[index]
    return {
      index,
      score,
      content: getContent(ranked, picked, {
        row,
        kind,
        examples,
        urlTemplate,
        channels,
        areAddresses,
      }),
      name: index === undefined ? undefined : options.trainNames[index],
      label,
      predicted: index === undefined ? undefined : trainPredictions[index],
      isSuspect: false,
    }
  }
  const { mostSimilar, leastSimilar } = explanation.data
  const nearest = ends.most.map((ranked) => shown(ranked, mostSimilar))
  const suspects = readSuspects(options.trainSuspects)
  const isEvidence = areClasses && areCosines(explanation)
  const isMarked = (each: ShownExample): boolean =>
    suspects === null
      ? isEvidence && isSuspect(each, nearest, name)
      : each.index !== undefined && suspects.has(each.index)
  const most = nearest.map((each) => ({ ...each, isSuspect: isMarked(each) }))
  // Nobody checks the labels that are the least suspect.
  const leastRanked = measure.name === 'suspicion' ? [] : ends.least
  const least = leastRanked.map((ranked) => {
    const each = shown(ranked, leastSimilar)
    return { ...each, isSuspect: suspects !== null && isMarked(each) }
  })
  return {
    most,
    least,
    scale: measure.hasBars ? scaleOf([...most, ...least].map(({ score }) => score)) : null,
    extents: findExtents([...most, ...least]),
    means:
      areClasses && isWhole && measure.hasQuestion
        ? computeClassMeans(scores, indices, trainLabels, labels, explainedIndex)
        : [],
    measure,
    hasSuspects: suspects !== null,
    predicted,
    name,
    areClasses,
    nouns: readNouns(options.nouns),
  }
}

/** Labels are values if the task is regression, or if they are not integers. */
function areLabelsClasses({ meta }: GivenExplanation, labels: LabelList): boolean {
  const { params } = meta
  if (isRecord(params) && params['taskName'] === 'regression') return false
  for (const label of labels) {
    if (typeof label === 'number' && !Number.isInteger(label)) return false
  }
  return true
}

interface ContentOptions extends Pick<SimilarityViewOptions, 'kind' | 'examples' | 'urlTemplate'> {
  readonly row: number
  readonly channels: Channels
  readonly areAddresses: boolean
}

function getContent(
  { index, position }: RankedExample,
  picked: unknown,
  { row, kind, examples, urlTemplate, channels, areAddresses }: ContentOptions,
): ExampleContent {
  if (urlTemplate !== null && index !== undefined) {
    return { kind: 'address', url: urlTemplate.replaceAll('{id}', String(index)) }
  }
  const own = index === undefined ? undefined : getListedExample(examples, index)
  if (areAddresses && typeof own === 'string') return { kind: 'address', url: own }
  return toContent(own ?? getPickedExample(picked, row, position), kind, channels)
}

function toContent(example: unknown, kind: ExampleKind | null, channels: Channels): ExampleContent {
  if (typeof example === 'string') return { kind: 'text', text: example }
  if (Array.isArray(example)) return { kind: 'row', cells: example as (number | string)[] }
  if (!isNdArray(example)) return { kind: 'none' }
  if (kind === 'series' && example.shape.length <= 2) {
    return { kind: 'series', columns: readColumns(example, channels) }
  }
  if (kind !== 'tabular') {
    const pixels = moveChannelsLast(example, channels)
    if (isImageShape(pixels.shape)) return { kind: 'image', pixels }
  }
  return { kind: 'row', cells: Array.from(example.data) }
}

/** One range for each feature of all examples. */
function findExtents(examples: readonly ShownExample[]): Extent[] {
  const series = examples.flatMap(({ content }) =>
    content.kind === 'series' ? [content.columns] : [],
  )
  return Array.from(series[0] ?? [], (_, feature) => {
    const extents = series.map((columns) => findExtent(columns[feature] ?? []))
    const known = extents.filter((extent) => extent !== null)
    return {
      least: Math.min(...known.map(({ least }) => least)),
      greatest: Math.max(...known.map(({ greatest }) => greatest)),
    }
  })
}

function* listValues(...lists: readonly Iterable<Label | null>[]): Generator<number> {
  for (const list of lists) {
    for (const label of list) if (typeof label === 'number') yield label
  }
}

function getListedExample(examples: Examples, index: number): unknown {
  if (examples === null) return undefined
  return isNdArray(examples) ? getExampleAt(examples, index, 'examples') : examples[index]
}

function countExamples(examples: Examples | undefined): number {
  if (examples === null || examples === undefined) return 0
  if (isNdArray(examples)) return examples.shape[0] ?? 0
  if (Array.isArray(examples)) return examples.length
  const expected = 'an array [n, …], or a list of texts, image URLs, arrays or rows'
  throw new InvalidArgumentError('examples', describe(examples), expected)
}
