export { AttributionEvaluator } from './attribution-evaluator.js'
export type {
  AttributionEvaluatorOptions,
  CurveOptions,
  MuFidelityOptions,
} from './attribution-evaluator.js'
export type { Arrays } from './arrays.js'
export type { CompletenessData } from './completeness.js'
export type { CurveData } from './curves.js'
export type { AttributionMeasureOptions } from './evaluated-case.js'
export { identicalClassTest, identicalSubclassTest } from './identical-class.js'
export type { ClassMatches, IdenticalClassData } from './identical-class.js'
export { mergeClasses } from './merge-classes.js'
export { modelRandomisationTest } from './model-randomisation.js'
export type { ModelRandomisationData, ModelRandomisationOptions } from './model-randomisation.js'
export type { CorrelationName, MuFidelityData } from './mu-fidelity.js'
export { projectionQuality } from './projection-quality.js'
export type {
  ProjectionQualityData,
  ProjectionQualityOptions,
  SimilarityQuality,
} from './projection-quality.js'
export type { SimilarityRanking } from './rankings.js'
export { sensitivityMax } from './sensitivity.js'
export type { Explain, SensitivityData, SensitivityOptions } from './sensitivity.js'
