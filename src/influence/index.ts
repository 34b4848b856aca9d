export { InfluenceFunctions } from './influence-functions.js'
export type {
  CurvatureName,
  InfluenceExplainOptions,
  InfluenceOptions,
  OpenInfluenceOptions,
} from './influence-options.js'
