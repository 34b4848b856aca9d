import {
  type BlockOptions,
  type CurvatureName,
  curvatureNames,
  type UncoveredChoice,
  uncoveredChoices,
} from '../curvature/curvature-options.js'
import { InvalidArgumentError } from '../errors.js'
import {
  explainOptionNames,
  type GradientSimilarityOptions,
  type OpenSimilarityOptions,
  readSimilarityOptions,
  similarityOptionNames,
  type SimilarityExplainOptions,
  type SimilaritySettings,
} from '../explainers/similarity/similarity-options.js'
import type { SimilarityData } from '../explainers/similarity/similarity-explanation.js'
import { assertKnownKeys, describe, readChoice, readPositiveInteger } from '../options.js'
import { readSeed } from '../random.js'
import type { ByteStore } from '../store/bytes/byte-store.js'
import {
  type ParameterShares,
  type QuestionOptions,
  questionOptionNames,
} from './scoring/question-options.js'

const fishers = ['true', 'empirical'] as const

/** How the curvature of the training loss is approximated, and how it is used. */
export interface CurvatureOptions {
  /**
   * The approximation H of the curvature. 'ekfac': Kronecker factors with corrected eigenvalues (George et al., 2018).
   * 'kfac': Kronecker factors (Martens and Grosse, 2015). 'diagonal': the diagonal alone. 'identity': none, so that
   * scores are those of `grad_dot`. Default 'ekfac'.
   */
  readonly curvature?: CurvatureName
  /**
   * λ, which is added to all eigenvalues; above 0. Default: a tenth of the mean eigenvalue of each layer, as in
   * kronfluence.
   */
  readonly damping?: number | undefined
  /**
   * 'true' draws labels from what the model predicts, so that H is the Gauss–Newton matrix. 'empirical' takes the labels
   * of the training examples. Default 'true'.
   */
  readonly fisher?: (typeof fishers)[number]
  /** The seed of the labels that are drawn. Default 0. */
  readonly seed?: number
  /**
   * What happens to parameters that Kronecker factors do not cover: 'refuse' them, approximate their curvature by its
   * 'diagonal', or leave it out ('identity'). Default 'refuse'.
   */
  readonly uncovered?: UncoveredChoice
  /**
   * The most examples that `fit` estimates the curvature from, evenly spread over the training examples. Fewer take less
   * time. Default: all.
   */
  readonly curvatureExamples?: number
  /** The bytes that the factors may take. Default 512 MiB. */
  readonly maxCurvatureBytes?: number
  /**
   * The most eigenvectors of the inputs that 'ekfac' and 'kfac' keep for each layer, so that a wide layer's curvature takes
   * less memory and storage. The directions of the others share their mean eigenvalue for each output. Default: all.
   */
  readonly inputRank?: number | undefined
  /**
   * A store with a curvature of this model, which `fit` reads instead of estimating one. It can be another one than
   * `store`, and contain nothing else. Default: none.
   */
  readonly curvatureStore?: ByteStore | undefined
}

/** Options of InfluenceFunctions. */
export interface InfluenceOptions
  extends Omit<GradientSimilarityOptions, 'simFn' | 'eps'>, CurvatureOptions {}

/** Options for explaining from an existing store. */
export interface OpenInfluenceOptions
  extends Omit<OpenSimilarityOptions, 'simFn' | 'eps'>, CurvatureOptions {}

/** Options of `explain` of InfluenceFunctions and TracIn. */
export interface InfluenceExplainOptions<Value = unknown>
  extends Omit<SimilarityExplainOptions, 'simFn'>, QuestionOptions<Value> {}

export const influenceExplainNames: readonly (keyof InfluenceExplainOptions)[] = [
  ...explainOptionNames.filter((name) => name !== 'simFn'),
  ...questionOptionNames,
]

/**
 * The result of InfluenceFunctions and TracIn. Scores are positive if training on the example lowered
 * the loss of the explained example.
 */
export type InfluenceData = SimilarityData & ParameterShares

/** Options with all defaults in place. */
export interface InfluenceSettings extends BlockOptions {
  readonly damping: number | undefined
  readonly fisher: (typeof fishers)[number]
  readonly seed: number
  readonly curvatureExamples: number
  readonly curvatureStore: ByteStore | undefined
  readonly similarity: SimilaritySettings
}

const optionNames: readonly string[] = [
  'curvature',
  'damping',
  'fisher',
  'seed',
  'uncovered',
  'curvatureExamples',
  'maxCurvatureBytes',
  'inputRank',
  'curvatureStore',
  ...similarityOptionNames.filter((name) => name !== 'simFn' && name !== 'eps'),
]

/** @throws InvalidArgumentError for an unknown option, or one that is not what it must be */
export function readInfluenceOptions(given: InfluenceOptions): InfluenceSettings {
  assertKnownKeys('options', given, optionNames)
  const {
    curvature = 'ekfac',
    damping,
    fisher = 'true',
    seed = 0,
    uncovered = 'refuse',
    curvatureExamples,
    maxCurvatureBytes = defaultMaxBytes,
    inputRank,
    curvatureStore,
    ...options
  } = given
  const similarity = readSimilarityOptions(options)
  return {
    similarity,
    curvature: readChoice('curvature', curvature, curvatureNames),
    damping: damping === undefined ? undefined : readDamping(damping),
    fisher: readChoice('fisher', fisher, fishers),
    seed: readSeed('seed', seed),
    uncovered: readChoice('uncovered', uncovered, uncoveredChoices),
    curvatureExamples:
      curvatureExamples === undefined
        ? Infinity
        : readPositiveInteger('curvatureExamples', curvatureExamples),
    maxBytes: readPositiveInteger('maxCurvatureBytes', maxCurvatureBytes),
    inputRank: inputRank === undefined ? Infinity : readPositiveInteger('inputRank', inputRank),
    curvatureStore,
  }
}

const defaultMaxBytes = 512 * 2 ** 20

function readDamping(damping: unknown): number {
  if (typeof damping === 'number' && Number.isFinite(damping) && damping > 0) return damping
  throw new InvalidArgumentError(
    'damping',
    describe(damping),
    'a finite number above 0: a curvature has directions with eigenvalue 0, which only damping can invert',
  )
}
