export {
  DeviceError,
  DisposedError,
  GradlensError,
  InvalidArgumentError,
  MemoryError,
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
} from './explainers/expected-gradients.js'
export { Gradient } from './explainers/gradient.js'
export type {
  GradientData,
  GradientExplainOptions,
  GradientOptions,
} from './explainers/gradient.js'
export { GradientSimilarity } from './explainers/gradient-similarity.js'
export type {
  GradientSimilarityOptions,
  OpenSimilarityOptions,
  PrecomputeOptions,
  SimilarityExplainOptions,
} from './explainers/similarity-options.js'
export type { AverageOf, ItemsOf } from './explainers/baselines.js'
export type { Inputs } from './explainers/inputs.js'
export type { RowSource } from './explainers/row-source.js'
export type { SimilarityData } from './explainers/similarity-explanation.js'
export type { PickedExamples } from './explainers/training-set.js'
export { IntegratedGradients } from './explainers/integrated-gradients.js'
export type {
  IntegratedGradientsData,
  IntegratedGradientsExplainOptions,
  IntegratedGradientsOptions,
} from './explainers/integrated-gradients.js'
export type { QuadratureMethod } from './explainers/quadrature.js'
export type {
  ConvolutionGeometry,
  ConvolutionSegment,
  DenseSegment,
  FactoredSegment,
  GpuGradientBlock,
  GradientBlock,
  GradientSegment,
  RowsSegment,
} from './gradients/block.js'
export type { ProjectionOptions } from './gradients/projection/projection-options.js'
export type { ParameterProjection, ProjectionPlan } from './gradients/projection/projection-plan.js'
export { openGradientStore } from './gradients/open-gradient-store.js'
export type {
  ByteRange,
  ByteReadOptions,
  ByteStore,
  RowRange,
  StoreLock,
  WritableByteStore,
} from './gradients/stores/byte-store.js'
export { HttpStore } from './gradients/stores/http-store.js'
export type { HttpStoreOptions } from './gradients/stores/http-store.js'
export { MemoryStore } from './gradients/stores/memory-store.js'
export { OpfsStore } from './gradients/stores/opfs-store.js'
export type {
  GradientReader,
  StoredGradients,
  StoreReadOptions,
} from './gradients/zarr/gradient-reader.js'
export type { StoreOpenOptions } from './gradients/zarr/open-reader.js'
export type { StoreIdentity } from './gradients/zarr/store-identity.js'
// The public name is the contract's; inside, TypeScript's own ArrayLike keeps its meaning.
export type {
  ArrayInput as ArrayLike,
  NdArray,
  NestedNumbers,
  TensorLike,
  TypedArray,
} from './ndarray.js'
export type { CallOptions, Device, DeviceChoice, Progress } from './options.js'
export type { SmoothGradOptions } from './explainers/smooth-grad.js'
export { lossNames } from './predictor.js'
export type {
  Activations,
  ArraySpec,
  ForwardArguments,
  LayerSite,
  Loss,
  LossFunction,
  LossName,
  NamedWeight,
  ParameterSpec,
  PathPoints,
  Predictor,
  PredictorSession,
} from './predictor.js'
export { version } from './version.js'
