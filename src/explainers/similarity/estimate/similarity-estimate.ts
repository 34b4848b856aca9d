import type { CallOptions } from '../../../options.js'

/** The sizes of the gradients of all training examples. */
export interface GradientSizes {
  /** Bytes in memory after `fit` without a store, as `gradientBytes` then is. */
  readonly memoryBytes: number
  /** Bytes of a complete store, with its metadata, labels and, with `storeExamples`, examples. */
  readonly storedBytes: number
}

/** The sizes of the gradients of one parameter, with the explainer's options. */
export interface ParameterEstimate {
  readonly name: string
  /** Bytes in memory, for all training examples. */
  readonly memoryBytes: number
  /** Bytes in a store, for all training examples. */
  readonly storedBytes: number
  /** The share of all numbers in memory, from 0 to 1. */
  readonly share: number
}

/** The sizes and the time with a projection. */
export interface ProjectionEstimate extends GradientSizes {
  /** The most numbers per gradient. */
  readonly size: number
  /** Seconds that it adds to `fit`. */
  readonly seconds: number
}

/** The estimated time and sizes of `fit`, with the explainer's options and with others. */
export interface SimilarityEstimate extends GradientSizes {
  readonly exampleCount: number
  /** How many examples were run to measure the time. */
  readonly measuredCount: number
  /** Seconds for all gradients. Writing a store is not included. */
  readonly seconds: number
  /** The parameters, the largest first: what a `parameters` filter without one of them saves. */
  readonly parameters: readonly ParameterEstimate[]
  /** With `storeDtype: 'float16'`. */
  readonly float16: Pick<GradientSizes, 'storedBytes'>
  /** With a projection to `projectionSize` numbers; null if gradients have no more numbers than that. */
  readonly projection: ProjectionEstimate | null
}

/** Options of `estimate`. */
export interface EstimateOptions extends CallOptions {
  /** The size of the projection to compare with. Default: that of the explainer's own, else 4096. */
  readonly projectionSize?: number | undefined
}

/** The names of all options. */
export const estimateOptionNames: readonly (keyof EstimateOptions)[] = [
  'projectionSize',
  'signal',
  'onProgress',
]
