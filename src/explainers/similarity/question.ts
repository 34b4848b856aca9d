import type { RankingOptions } from '../../compute/ranking.js'
import { similarityNames } from '../../compute/similarity.js'
import {
  copyLabels,
  type GivenLabels,
  noLabels,
  type QuestionLabelInput,
} from '../../losses/labels.js'
import type { NdArray } from '../../ndarray.js'
import { type Progress, readChoice, readPositiveInteger } from '../../options.js'
import { type Inputs, readInputs } from '../reading/inputs.js'
import type { ModelCall } from '../session/model-session.js'
import { createProgressReporter } from '../session/progress.js'
import {
  rankings,
  type SimilarityExplainOptions,
  type SimilaritySettings,
} from './similarity-options.js'

/** The arguments of an `explain` call, read. */
export interface Question {
  readonly tests: readonly NdArray[]
  readonly y: GivenLabels
  readonly k: number
  readonly ranking: RankingOptions
  readonly report: (progress: Progress) => void
}

/**
 * Reads the arguments of an `explain` call.
 *
 * @param explainer its name, in progress
 * @throws InvalidArgumentError or NonFiniteError
 */
export async function readQuestion<Value, Item>(
  explainer: string,
  call: ModelCall<Value>,
  trainCount: number,
  x: Inputs<Item>,
  y: QuestionLabelInput | undefined,
  { onProgress, topK, simFn, ranking }: SimilarityExplainOptions,
  settings: SimilaritySettings,
): Promise<Question> {
  const name = readChoice('simFn', simFn ?? settings.simFn, similarityNames)
  const extent = readChoice('ranking', ranking ?? 'full', rankings)
  const k = Math.min(readPositiveInteger('topK', topK ?? settings.topK), trainCount)
  const { predictor } = call
  const [read, given] = await Promise.all([
    readInputs('x', x, predictor.inputs, predictor),
    y === undefined ? noLabels : copyLabels('y', y),
  ])
  return {
    tests: await read.arrays(call, settings.batchSize.most),
    y: given,
    k,
    report: createProgressReporter(explainer, settings.verbose, onProgress),
    ranking: {
      testCount: read.exampleCount,
      trainCount,
      similarity: { name, eps: settings.eps },
      most: extent === 'full' ? trainCount : k,
      least: k,
    },
  }
}
