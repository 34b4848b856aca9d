import type { BatchSizeOption } from '../../session/batch-size.js'
import type { ArrayInput } from '../../../array-input.js'
import type { NdArray } from '../../../ndarray.js'
import type { CallOptions, DeviceChoice } from '../../../options.js'
import type { Inputs } from '../../reading/inputs.js'
import type { TargetInput } from '../../reading/targets.js'

/** Options of ExpectedGradients. */
export interface ExpectedGradientsOptions {
  /** The layers whose outputs are attributed instead of the model's inputs, as for IntegratedGradients. */
  readonly layer?: unknown
  /** How many baselines, each with one point of its path, are drawn per example. Default 100. */
  readonly nSamples?: number
  /** The seed of the draws, which are the same on every device and for every batch size. Default 0. */
  readonly seed?: number
  /**
   * Path points in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100, so that a pass of a large
   * model neither blocks the page for long nor takes gigabytes.
   */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

/** Options of `explain` of ExpectedGradients. */
export interface ExpectedGradientsExplainOptions<Item = never> extends CallOptions {
  /** The examples from which baselines are drawn, with replacement, such as training data. In the form of x. */
  readonly background: Inputs<Item>
  /** Further named arguments, as for IntegratedGradients. An example's arguments also go with its baselines. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /** Which output is explained; as for IntegratedGradients. */
  readonly target?: TargetInput | undefined
  /** Attribute to the inputs of `layer` instead of its outputs. Default false. */
  readonly attributeToLayerInputs?: boolean | undefined
}

/** The result of ExpectedGradients, for N examples. */
export interface ExpectedGradientsData {
  /** f32: one array per input of the model, of the input's shape; with `layer`, as for IntegratedGradients. */
  readonly attributions: readonly NdArray[]
  /** The names of the attributions, by which `explanation.attribution(name)` finds them. */
  readonly attributionNames: readonly string[]
  /** The model's whole output at x. */
  readonly predictions: NdArray
  /** [N] f64: Σ attributions − (F(x) − the mean of F over the drawn baselines); the error of the sampling. */
  readonly deltas: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}
