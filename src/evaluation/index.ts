export { AttributionEvaluator } from './attribution/attribution-evaluator.js'
export type {
  AttributionEvaluatorOptions,
  CurveOptions,
  MuFidelityOptions,
} from './attribution/attribution-evaluator.js'
export type { Arrays } from './arrays.js'
export type { CompletenessData } from './attribution/completeness.js'
export type { CurveData } from './attribution/curves.js'
export type { AttributionMeasureOptions } from './attribution/evaluated-case.js'
export { linearDatamodelingScore } from './influence/linear-datamodeling-score.js'
export type { LinearDatamodelingData } from './influence/linear-datamodeling-score.js'
export { mislabelDetection } from './influence/mislabel-detection.js'
export type {
  MislabelDetectionData,
  MislabelDetectionOptions,
} from './influence/mislabel-detection.js'
export { identicalClassTest, identicalSubclassTest } from './similarity/identical-class.js'
export type { ClassMatches, IdenticalClassData } from './similarity/identical-class.js'
export { mergeClasses } from './similarity/merge-classes.js'
export { modelRandomisationTest } from './similarity/model-randomisation.js'
export type {
  ModelRandomisationData,
  ModelRandomisationOptions,
} from './similarity/model-randomisation.js'
export type { CorrelationName, MuFidelityData } from './attribution/mu-fidelity.js'
export { projectionQuality } from './similarity/projection-quality.js'
export type {
  ProjectionQualityData,
  ProjectionQualityOptions,
  SimilarityQuality,
} from './similarity/projection-quality.js'
export type { SimilarityRanking } from './similarity/rankings.js'
export { sensitivityMax } from './attribution/sensitivity.js'
export type { Explain, SensitivityData, SensitivityOptions } from './attribution/sensitivity.js'
