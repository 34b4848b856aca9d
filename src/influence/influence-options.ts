import {
  type GradientSimilarityOptions,
  type OpenSimilarityOptions,
  readSimilarityOptions,
  type SimilarityExplainOptions,
  type SimilaritySettings,
} from '../explainers/similarity/similarity-options.js'
import { readChoice } from '../options.js'

const curvatures = ['identity'] as const

/** How the curvature of the training loss is approximated. */
export type CurvatureName = (typeof curvatures)[number]

export interface InfluenceOptions extends Omit<GradientSimilarityOptions, 'simFn' | 'eps'> {
  /** 'identity' ignores the curvature: scores are those of `grad_dot`. Default 'identity'. */
  readonly curvature?: CurvatureName
}

/** Options for explaining from an existing store. */
export interface OpenInfluenceOptions
  extends Omit<OpenSimilarityOptions, 'simFn' | 'eps'>, Pick<InfluenceOptions, 'curvature'> {}

export type InfluenceExplainOptions = Omit<SimilarityExplainOptions, 'simFn'>

/** Options with all defaults in place. */
export interface InfluenceSettings {
  readonly curvature: CurvatureName
  readonly similarity: SimilaritySettings
}

/** @throws InvalidArgumentError for an unknown option, or one that is not what it must be */
export function readInfluenceOptions({
  curvature = 'identity',
  ...options
}: InfluenceOptions): InfluenceSettings {
  const similarity = readSimilarityOptions(options)
  return { curvature: readChoice('curvature', curvature, curvatures), similarity }
}
