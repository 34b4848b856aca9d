import type { ArrayInput } from '../../../array-input.js'
import type { NdArray } from '../../../ndarray.js'
import type { CallOptions, DeviceChoice } from '../../../options.js'
import type { Baselines } from '../../reading/baselines.js'
import type { TargetInput } from '../../reading/targets.js'
import type { BatchSizeOption } from '../../session/batch-size.js'

/** A length per axis of an example of one input; for several inputs, a list of them or an object by input name. */
export type WindowLengths =
  | readonly number[]
  | readonly (readonly number[] | null)[]
  | Readonly<Record<string, readonly number[] | null>>

/** Options of Occlusion. */
export interface OcclusionOptions {
  /**
   * The lengths of the window that is hidden, one for each axis of an example. Default: 1 for features and tokens; for time
   * series and images an eighth of each axis, and for images all channels.
   */
  readonly windowShape?: WindowLengths
  /** The steps of the window along each axis. Default: half of the window, at least 1; all of it along channels. */
  readonly strides?: WindowLengths
  /** Windows in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100. */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

/** Options of `explain` of Occlusion. */
export interface OcclusionExplainOptions<Item = never> extends CallOptions {
  /** Which output is explained; as for IntegratedGradients. */
  readonly target?: TargetInput | undefined
  /** What hides the window: zeros, a number, an example, one per example; as for IntegratedGradients. Default zeros. */
  readonly baselines?: Baselines<Item> | undefined
  /** Further named arguments, as for IntegratedGradients. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
}

/** The result of Occlusion. */
export interface OcclusionData {
  /**
   * f32, one array per input: by how much the output falls when the element is hidden, the mean over the windows with it. Of
   * the input's shape; where windows hide all channels, the axis of channels has length 1.
   */
  readonly attributions: readonly NdArray[]
  /** The names of the inputs. */
  readonly attributionNames: readonly string[]
  /** The examples; a list if there are several inputs. */
  readonly x: NdArray | readonly NdArray[]
  /** The model's whole output. */
  readonly predictions: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}
