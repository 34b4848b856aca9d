import type { ArrayInput } from '../../../array-input.js'
import type { NdArray } from '../../../ndarray.js'
import type { CallOptions, DeviceChoice } from '../../../options.js'
import type { TargetInput } from '../../reading/targets.js'
import type { BatchSizeOption } from '../../session/batch-size.js'

/** How channels are weighted: by the mean of their gradient, or position by position. */
export type ClassActivationMethod = 'grad_cam' | 'layer_cam'

/** How a map is enlarged to the size of the input. */
export type Interpolation = 'bilinear' | 'nearest'

/** Options of GradCam. */
export interface GradCamOptions {
  /**
   * The layer whose outputs are mapped, with at least one spatial axis: its name, the layer itself or a function that
   * returns it from the model. Default: the last convolution whose outputs have more than one position, after the
   * normalization and activation that follow it.
   */
  readonly layer?: unknown
  /** Where the channels of the layer are. Required if the adapter doesn't know. */
  readonly channels?: 'first' | 'last'
  /** Default 'grad_cam'. */
  readonly method?: ClassActivationMethod
  /** Default 'bilinear'. */
  readonly interpolation?: Interpolation
  /** The input to whose size the map is enlarged, by name. Required if several inputs have as many spatial axes. */
  readonly input?: string
  /** Examples in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100. */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

/** Options of `explain` of GradCam. */
export interface GradCamExplainOptions extends CallOptions {
  /** Which output is explained; as for IntegratedGradients. */
  readonly target?: TargetInput | undefined
  /** Further named arguments, as for IntegratedGradients. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
}

/** The result of GradCam, for N examples. */
export interface GradCamData {
  /** f32, one array: the map at the size of the input, [N, height, width, 1], in the order of the input's axes. */
  readonly attributions: readonly NdArray[]
  /** The name of that input. */
  readonly attributionNames: readonly string[]
  /** f32 [N, h, w]: the map at the size of the layer. */
  readonly maps: NdArray
  /** The examples of that input. */
  readonly x: NdArray
  /** The model's whole output. */
  readonly predictions: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}
