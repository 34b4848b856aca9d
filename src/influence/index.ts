export { InfluenceFunctions } from './influence-functions.js'
export type {
  CurvatureOptions,
  InfluenceData,
  InfluenceExplainOptions,
  InfluenceOptions,
  OpenInfluenceOptions,
} from './influence-options.js'
export type { CurvatureRule } from '../curvature/curvature-block.js'
export type {
  CurvatureBlockEstimate,
  CurvatureEstimate,
  InfluenceEstimate,
} from './curvatures/estimate-influence.js'
export type { CurvatureName, UncoveredChoice } from '../curvature/curvature-options.js'
export type { Checkpoint } from './checkpoints.js'
export type { Aggregate, ParameterShares, QuestionOptions } from './scoring/question-options.js'
export { TracIn } from './tracin.js'
export type { TracInOptions } from './tracin-options.js'
export { rankSuspectLabels } from './suspect-labels.js'
export type { FittedSimilarity, SuspectLabelOptions, SuspectLabels } from './suspect-labels.js'
