export { GlAttributionBars, type FeatureOrder } from './attribution-bars/attribution-bars.js'
export { GlAttributionImage } from './attribution-image/attribution-image.js'
export type { Layout } from './attribution-image/layers.js'
export type { PixelReadout } from './attribution-image/map-cursor.js'
export { GlAttributionSeries } from './attribution-series/attribution-series.js'
export type { StepReadout } from './attribution-series/step-cursor.js'
export { GlAttributionText } from './attribution-text/attribution-text.js'
export type { TokenAttribution } from './attribution-text/token-attributions.js'
export type { Sign } from './base/attributions.js'
export type { Palette } from './base/color/diverging-colors.js'
export type { ElementState, StateChange } from './base/element.js'
export type { ExplanationSource, ExplanationValue } from './base/explanation-source.js'
export type { Channels } from './base/picture/channels.js'
export type { ValueRange } from './base/picture/pixels.js'
export {
  mountExplanation,
  type MountedExplanation,
  type SelectedTrainingExample,
} from './embed/mount-explanation.js'
export { renderWidget, type WidgetContext } from './embed/render-widget.js'
export type { WidgetModel } from './embed/widget-model.js'
export { GlExplainer } from './explainer/explainer.js'
export type { ExplainEvents, ExplainPart } from './explainer/explainer-events.js'
export type { Ranking, RankingLike } from './explainer/rankings/ranking.js'
export type {
  AttributionLike,
  ExplainCall,
  Predict,
  SimilarityLike,
} from './explainer/structural-explainers.js'
export type { ClassProbability } from './probabilities/class-probabilities.js'
export { GlExplanation } from './explanation/explanation.js'
export { followHost } from './host/follow-host.js'
export type { Host } from './host/host-colors.js'
export { GlProbabilities } from './probabilities/probabilities.js'
export { Job, type JobOptions, type JobState } from './progress/job.js'
export { GlProgress } from './progress/progress.js'
export { SharedWork } from './progress/shared-work.js'
export type { Label, Labels } from './similar-examples/labels.js'
export type { Nouns } from './similar-examples/wording/nouns.js'
export type { PointedExample, SelectedExample } from './similar-examples/shown-example.js'
export { GlSimilarExamples } from './similar-examples/similar-examples.js'
export type { Suspects } from './similar-examples/suspects.js'
export type { ExampleKind, Examples } from './similar-examples/similarity-view.js'
export {
  createNumberFormat,
  formatFixed,
  formatTablePercent,
  type NumberFormat,
} from './text/format.js'
export { formatBytes, formatCount, formatDuration } from './text/quantities.js'
export { formatRunReport, type RunReport } from './text/run-report.js'
export { joinList } from './text/words.js'
