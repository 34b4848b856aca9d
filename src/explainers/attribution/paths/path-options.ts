import type { BatchSizeOption } from '../../session/batch-size.js'
import type { ArrayInput } from '../../../array-input.js'
import type { NdArray } from '../../../ndarray.js'
import type { CallOptions, DeviceChoice } from '../../../options.js'
import type { AverageOf, Baselines } from '../../reading/baselines.js'
import type { QuadratureMethod } from './quadrature-method.js'
import type { TargetInput } from '../../reading/targets.js'

/** Options of IntegratedGradients. */
export interface IntegratedGradientsOptions {
  /**
   * The layer whose outputs are attributed instead of the model's inputs: its name (in a GraphModel, that of a node), the
   * layer itself, a function that returns it from the model, or a list of these.
   */
  readonly layer?: unknown
  /** Computes the target of each example from the predictions [N, …], for example the arg-max. Instead of `target`. */
  readonly targetFn?: (predictions: NdArray) => TargetInput
  /** The quadrature rule of the path integral. Default 'gausslegendre'. */
  readonly method?: QuadratureMethod
  /** How many points of the path are evaluated. Default 50. */
  readonly nSteps?: number
  /**
   * Doubles the steps of an example, up to `maxSteps`, while its |delta| is greater than this. Rules with nested steps
   * (left, right, trapezoid) evaluate only the new ones. Default: none, always `nSteps`.
   */
  readonly tolerance?: number
  /** With `tolerance`, the most steps of an example. Default 16 · nSteps. */
  readonly maxSteps?: number
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

/** Options of `explain` of IntegratedGradients. */
export interface IntegratedGradientsExplainOptions<Item = never> extends CallOptions {
  /**
   * Further named arguments of the model, batch first, such as a mask. They stay the same along the path and are not
   * attributed. They are inputs of the model, which x then leaves out, or arguments of a LayersModel's layers.
   */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /**
   * The start of the paths: a number, an array of x's shape or of one example's, a list or an object with one per input,
   * or { items }, which the predictor preprocesses. { average: [baseline, …] } gives the means over several. Default: zeros.
   */
  readonly baselines?: Baselines<Item> | AverageOf<Item>
  /**
   * Which output is explained: an index, one per example, or a row of indices each. `{ sum: [1, 2] }` explains the sum of
   * outputs; `{ each: [0, 1] }` explains several targets, which are then the first axis of attributions and deltas.
   */
  readonly target?: TargetInput | undefined
  /** Attribute to the inputs of `layer` instead of its outputs. Default false. */
  readonly attributeToLayerInputs?: boolean | undefined
}

/** The result of IntegratedGradients, for N examples. */
export interface IntegratedGradientsData {
  /**
   * f32: one array per input of the model, in the input's shape. With `layer`, one per layer, in the shape of its
   * activations, and several for a layer that is called several times or has several inputs.
   */
  readonly attributions: readonly NdArray[]
  /** The names of the attributions, by which `explanation.attribution(name)` finds them. */
  readonly attributionNames: readonly string[]
  /** Raw items as the predictor preprocessed them. */
  readonly x: NdArray | readonly NdArray[]
  readonly forwardKwargs: Readonly<Record<string, NdArray>>
  /** In x's shape; for an average, with the baselines as the first axis. */
  readonly baselines: NdArray | readonly NdArray[]
  /** The model's whole output at x. */
  readonly predictions: NdArray
  /** [N] f64: Σ attributions − (F(x) − F(baseline)), the error of the quadrature. */
  readonly deltas: NdArray
  /** With a tolerance, [N] i32: the steps of each example; for an average, the most over the baselines. */
  readonly steps?: NdArray
  /** With a tolerance: the examples whose |delta| is still greater after `maxSteps`. */
  readonly notReached?: readonly number[]
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}
