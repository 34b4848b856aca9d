import type { BatchSizeOption } from '../../session/batch-size.js'
import type { ArrayInput } from '../../../array-input.js'
import type { NdArray } from '../../../ndarray.js'
import type { CallOptions, DeviceChoice } from '../../../options.js'
import type { Inputs } from '../../reading/inputs.js'
import type { SmoothGradOptions } from './smooth-grad.js'
import type { TargetInput } from '../../reading/targets.js'

/** Options of Gradient. */
export interface GradientOptions<Item = never, Batch = Inputs<Item>> {
  /**
   * The layer at whose outputs gradients are taken instead of the model's inputs: its name, the layer itself, a function
   * that returns it from the model, or a list of these, which may include names of inputs.
   */
  readonly layer?: unknown
  /** The number of classes, which is checked against the output. Default: that of the output. */
  readonly nClasses?: number
  /** Selects the model's inputs, which are attributed, from the batch that `explain` gets. */
  readonly forwardArgExtractor?: (batch: Batch) => Inputs<Item>
  /**
   * Selects further named arguments of the model from the batch, batch first, which are not attributed: inputs of the
   * model by name, or arguments of a LayersModel's layers.
   */
  readonly additionalForwardArgExtractor?: (batch: Batch) => Readonly<Record<string, ArrayInput>>
  /** Multiplies the gradients by the values at which they are taken (input × gradient). Default false. */
  readonly multiplyByInputs?: boolean
  /** Averages the gradients over noisy copies of the input (SmoothGrad). Default: none. */
  readonly smoothGrad?: SmoothGradOptions
  /**
   * Examples in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100, so that a pass of a large
   * model neither blocks the page for long nor takes gigabytes.
   */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

/** Options of `explain` of Gradient. */
export interface GradientExplainOptions extends CallOptions {
  /** Which output is explained: none (for a single one), an index, one per example, or a row of indices each. */
  readonly target?: TargetInput | undefined
}

/** The result of Gradient. */
export interface GradientData {
  /** f32, one array per input of the model, of its shape; with `layer`, in the order of its list. */
  readonly attributions: readonly NdArray[]
  /** The names of the attributions, by which `explanation.attribution(name)` finds them. */
  readonly attributionNames: readonly string[]
  /** The model's whole output. */
  readonly predictions: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}
