import {
  type GradientSimilarityOptions,
  readSimilarityOptions,
  type SimilaritySettings,
} from '../explainers/similarity/similarity-options.js'
import { assertKnownKeys } from '../options.js'

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

/** Options of TracIn: those of GradientSimilarity, without stores, which belong to checkpoints. */
export type TracInOptions = Pick<GradientSimilarityOptions, (typeof optionNames)[number]>

/** @throws InvalidArgumentError for an unknown option, or one that is not what it must be */
export function readTracInOptions(options: TracInOptions): SimilaritySettings {
  assertKnownKeys('options', options, optionNames)
  return readSimilarityOptions(options)
}
