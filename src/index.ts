export {
  DeviceError,
  DisposedError,
  GradlensError,
  InvalidArgumentError,
  MemoryError,
  ModelChangedError,
  NonFiniteError,
  NotFittedError,
  StoreError,
  UnsupportedError,
  isGradlensError,
} from './errors.js'
export type { StoreFailure } from './errors.js'
export type { SimilarityName } from './compute/similarity.js'
export { Explanation } from './explanation.js'
export type { ExplanationJson, ExplanationMeta } from './explanation.js'
export { ExpectedGradients } from './explainers/expected-gradients.js'
export type {
  ExpectedGradientsData,
  ExpectedGradientsExplainOptions,
  ExpectedGradientsOptions,
} from './explainers/attribution/paths/expectation-options.js'
export { Gradient } from './explainers/gradient.js'
export type {
  GradientData,
  GradientExplainOptions,
  GradientOptions,
} from './explainers/attribution/gradients/gradient-options.js'
export { functionPredictor } from './function-predictor.js'
export type {
  FunctionPredictorOptions,
  PredictFunction,
  PredictInput,
} from './function-predictor.js'
export { GradCam } from './explainers/grad-cam.js'
export type {
  ClassActivationMethod,
  GradCamData,
  GradCamExplainOptions,
  GradCamOptions,
  Interpolation,
} from './explainers/attribution/maps/map-options.js'
export { GradientSimilarity } from './explainers/gradient-similarity.js'
export type {
  GradientSimilarityOptions,
  OpenSimilarityOptions,
  PrecomputeOptions,
  SimilarityExplainOptions,
} from './explainers/similarity/similarity-options.js'
export type {
  EstimateOptions,
  GradientSizes,
  ParameterEstimate,
  ProjectionEstimate,
  SimilarityEstimate,
} from './explainers/similarity/estimate/similarity-estimate.js'
export type { AverageOf, Baselines, ItemsOf } from './explainers/reading/baselines.js'
export type { BatchSizeOption } from './explainers/session/batch-size.js'
export type { ByName } from './explainers/reading/by-name.js'
export type { ParameterFilter } from './explainers/session/parameters.js'
export type { EachTarget, SumOfOutputs, TargetInput } from './explainers/reading/targets.js'
export type { Inputs } from './explainers/reading/inputs.js'
export type { ExampleSource } from './explainers/reading/example-source.js'
export type { SelfInfluenceData } from './explainers/similarity/self-influence.js'
export type { SimilarityData } from './explainers/similarity/similarity-explanation.js'
export type { PickedExamples } from './explainers/similarity/training-set.js'
export { IntegratedGradients } from './explainers/integrated-gradients.js'
export type {
  IntegratedGradientsData,
  IntegratedGradientsExplainOptions,
  IntegratedGradientsOptions,
} from './explainers/attribution/paths/path-options.js'
export { Occlusion } from './explainers/occlusion.js'
export type {
  OcclusionData,
  OcclusionExplainOptions,
  OcclusionOptions,
  WindowLengths,
} from './explainers/attribution/occlusion/occlusion-options.js'
export type { QuadratureMethod } from './explainers/attribution/paths/quadrature-method.js'
export type {
  CompactBlock,
  CompactSegment,
  ConvolutionGeometry,
  ConvolutionSegment,
  DenseSegment,
  FactoredSegment,
  GpuGradientBlock,
  GradientBlock,
  GradientSegment,
  LayerBias,
  LookupSegment,
} from './gradients/block.js'
export type { CompactLayout } from './gradients/compact-layout.js'
export type { Float16Block, Float16Values } from './gradients/float16-block.js'
export type { ProjectionOptions } from './gradients/projection/projection-options.js'
export type { ParameterProjection, ProjectionPlan } from './gradients/projection/projection-plan.js'
export { openGradientStore } from './store/open-gradient-store.js'
export type {
  ByteRange,
  ByteReadOptions,
  ByteStore,
  RowRange,
  StoreLock,
  WritableByteStore,
} from './store/bytes/byte-store.js'
export { HttpStore } from './store/bytes/http-store.js'
export type { HttpStoreOptions } from './store/bytes/http-store.js'
export { MemoryStore } from './store/bytes/memory-store.js'
export { OpfsStore } from './store/bytes/opfs-store.js'
export type {
  GradientReader,
  StoredGradients,
  StoreReadOptions,
} from './store/zarr/reading/gradient-reader.js'
export type { StoreOpenOptions } from './store/zarr/reading/open-reader.js'
export type { StoredFloat, StoredSegment } from './store/zarr/format/store-arrays.js'
export type { StoreIdentity } from './store/zarr/format/store-identity.js'
// The public name is the contract's; inside, TypeScript's own ArrayLike keeps its meaning.
export type {
  ArrayInput as ArrayLike,
  ArrayObject,
  NestedArrays,
  NumberArray,
  OnnxTensorLike,
  TensorLike,
} from './array-input.js'
export type { NdArray, NestedNumbers, TypedArray } from './ndarray.js'
export type { CallOptions, Device, DeviceChoice, Progress } from './options.js'
export type { SmoothGradOptions } from './explainers/attribution/gradients/smooth-grad.js'
export type {
  LabelInput,
  Labels,
  LabelWeights,
  NestedBooleans,
  QuestionLabelInput,
} from './losses/labels.js'
export type {
  Loss,
  LossFunction,
  LossWithGradient,
  NamedLoss,
  PositionLoss,
  Reduction,
} from './losses/loss.js'
export { lossNames } from './losses/names.js'
export type { LossName } from './losses/names.js'
export type {
  Activations,
  ArraySpec,
  ForwardArguments,
  LayerSite,
  LossGradientOptions,
  NamedWeight,
  OpenOptions,
  ParameterSpec,
  PathPoints,
  Predictor,
  PredictorSession,
} from './predictor.js'
export { version } from './version.js'
