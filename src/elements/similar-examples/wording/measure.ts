import { isRecord } from '../../../is-record.js'
import type { GivenExplanation } from '../../base/explanation-source.js'
import type { ExampleNouns } from './nouns.js'

/** What a ranking of training examples measures. */
export type MeasureName = 'similarity' | 'influence' | 'self-influence' | 'suspicion'

/** The words for a ranking of training examples. */
export interface Measure {
  readonly name: MeasureName
  /** The titles of both ends of the order. Of suspect labels only the first end is shown. */
  readonly titles: { readonly most: string; readonly least: string }
  /** Names one example at an end, or several: 'five most similar training examples'. */
  readonly nameMost: (count: string, nouns: ExampleNouns) => string
  readonly nameLeast: (isOne: boolean) => string
  /** Whether the scores are about an explained example, and not about the training examples alone. */
  readonly hasQuestion: boolean
  /**
   * Whether bars show the scores. Those of suspicion are mean ranks, of which the first are all close
   * to 1.
   */
  readonly hasBars: boolean
  /** What the measure means, in plain words. */
  readonly meaning: string
}

const withHighest =
  (score: string) =>
  (count: string, { one, many }: ExampleNouns): string =>
    `${count === '' ? one : `${count} ${many}`} with the highest ${score}`

const withLowest =
  (score: string) =>
  (isOne: boolean): string =>
    `${isOne ? 'The one' : 'Those'} with the lowest ${score} ${isOne ? 'is' : 'are'}`

const measures: Readonly<Record<MeasureName, Measure>> = {
  similarity: {
    name: 'similarity',
    titles: { most: 'Most similar', least: 'Least similar' },
    nameMost: (count, { one, many }) =>
      count === '' ? `most similar ${one}` : `${count} most similar ${many}`,
    nameLeast: (isOne) => (isOne ? 'The least similar one is' : 'The least similar are'),
    hasQuestion: true,
    hasBars: true,
    meaning:
      'Learning them pushes the model in the same direction as learning this example with this answer.',
  },
  influence: {
    name: 'influence',
    titles: { most: 'Highest influence', least: 'Lowest influence' },
    nameMost: withHighest('influence'),
    nameLeast: withLowest('influence'),
    hasQuestion: true,
    hasBars: true,
    meaning:
      'Without them, the model would be less sure of this answer, by estimate. What many training examples teach counts less.',
  },
  'self-influence': {
    name: 'self-influence',
    titles: { most: 'Highest self-influence', least: 'Lowest self-influence' },
    nameMost: withHighest('self-influence'),
    nameLeast: withLowest('self-influence'),
    hasQuestion: false,
    hasBars: true,
    meaning:
      'The model had to learn them by heart: rare examples, and wrong labels. They are the same for every question.',
  },
  suspicion: {
    name: 'suspicion',
    titles: { most: 'Most suspect labels', least: '' },
    nameMost: (count, { one, many }) =>
      count === ''
        ? `${one} with the most suspect label`
        : `${count} ${many} with the most suspect labels`,
    nameLeast: () => '',
    hasQuestion: false,
    hasBars: false,
    meaning:
      'The model had to learn these examples by heart, and few others teach their labels. Labels at the top are wrong more often than others, but not always.',
  },
}

const ofValue: Measure = {
  ...measures.influence,
  meaning:
    'Without them, the prediction would be further from the value that it is compared with, by estimate. What many training examples teach counts less.',
}

/** What the ranking of an explanation measures. */
export function readMeasure({ meta }: GivenExplanation): Measure {
  const { params } = meta
  const name = String(meta['name'])
  if (name.endsWith('.selfInfluence')) return measures['self-influence']
  if (name === 'rankSuspectLabels') return measures.suspicion
  const isInfluence = name === 'InfluenceFunctions' || name === 'TracIn'
  if (!isInfluence) return measures.similarity
  const isRegression = isRecord(params) && params['taskName'] === 'regression'
  return isRegression ? ofValue : measures.influence
}
