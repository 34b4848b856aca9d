import {
  explainOptionNames,
  type GradientSimilarityOptions,
  readSimilarityOptions,
  type SimilarityExplainOptions,
  type SimilaritySettings,
} from '../explainers/similarity/similarity-options.js'
import type { SimilarityData } from '../explainers/similarity/similarity-explanation.js'
import { assertKnownKeys } from '../options.js'
import {
  type ParameterShares,
  type QuestionOptions,
  questionOptionNames,
} from './scoring/question-options.js'

const optionNames = [
  'task',
  'precomputeGrads',
  'projection',
  'parameters',
  'maxBytes',
  'maxGpuBytes',
  'topK',
  'device',
  'batchSize',
  'verbose',
] as const

/** As of GradientSimilarity; stores belong to checkpoints. */
export type TracInOptions = Pick<GradientSimilarityOptions, (typeof optionNames)[number]>

/** @throws InvalidArgumentError for an unknown option, or one that is not what it must be */
export function readTracInOptions(options: TracInOptions): SimilaritySettings {
  assertKnownKeys('options', options, optionNames)
  return readSimilarityOptions(options)
}

export interface TracInExplainOptions<Value = unknown>
  extends Omit<SimilarityExplainOptions, 'simFn'>, QuestionOptions<Value> {}

export const tracInExplainNames: readonly (keyof TracInExplainOptions)[] = [
  ...explainOptionNames.filter((name) => name !== 'simFn'),
  ...questionOptionNames,
]

/** Scores are influences: positive where training on the example lowered the loss of the example explained. */
export type InfluenceData = SimilarityData & ParameterShares
