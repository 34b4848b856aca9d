/// <reference lib="esnext.disposable" preserve="true" />
import type { GpuGradientBlock, GradientBlock } from './gradients/block.js'
import type { Labels } from './losses/labels.js'
import type { LossFunction, PositionLoss } from './losses/loss.js'
import type { NdArray } from './ndarray.js'
import type { Device } from './options.js'

/** An input or output of a model; the shape leaves out the batch axis, null is any length. */
export interface ArraySpec {
  readonly name: string
  readonly shape: readonly (number | null)[]
  readonly dtype: 'float32' | 'int32'
  /** Which axis of an example has the channels, of an image say. 'last' where it is left out. */
  readonly channels?: 'first' | 'last' | undefined
  /** Of an output: these are logits, of a model that itself ends in softmax or sigmoid. */
  readonly isLogits?: boolean
  /** True for one of several outputs: a store of one does not open for another. */
  readonly isOneOfSeveral?: boolean
}

export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly trainable: boolean
}

export interface NamedWeight {
  readonly name: string
  readonly value: NdArray
}

/** A layer of the model, at whose outputs or inputs attributions are taken. */
export interface LayerSite {
  readonly layer: string
  readonly at: 'outputs' | 'inputs'
  /**
   * A name for each tensor there, in the order of `activations`: the calls of the layer in the order in which the model
   * was built, each by what the layer was called on. Left out by an adapter that doesn't know them.
   */
  readonly tensors?: readonly string[]
}

/** What takes the place of the model's own activations at layers: per site, one array [B, …] for each tensor there. */
export interface Activations {
  readonly sites: readonly LayerSite[]
  readonly values: readonly (readonly NdArray[])[]
}

/** Points of straight paths: point q is starts[p] + alphas[q] (ends[p] − starts[p]), p = pathOf[q]. */
export interface PathPoints {
  /** Where the paths lie: at these layers, or at the model's inputs. */
  readonly sites?: readonly LayerSite[] | undefined
  /** Per site one array [paths, …] for each tensor there; without sites one group, of all inputs. */
  readonly starts: readonly (readonly NdArray[])[]
  readonly ends: readonly (readonly NdArray[])[]
  /** Ascending, from 0 to the number of paths − 1, each at least once. */
  readonly pathOf: Int32Array
  readonly alphas: Float64Array
  readonly weights: Float64Array
  /**
   * Per path the sum that it adds to, ascending from 0, each at least once; every gradient is multiplied by its path's
   * way, end − start, before. Left out: one sum for each path, of the gradients themselves.
   */
  readonly sumOf?: Int32Array | undefined
}

/**
 * Further named arguments of the model's call, the batch as their first axis. One that has the name of an input is
 * that input: x, and the gradients at the inputs, then leave it out.
 */
export type ForwardArguments = Readonly<Record<string, NdArray>>

/** How a session is opened. */
export interface OpenOptions {
  /** Whether a device that is emulated in software will do. */
  readonly allowSoftware: boolean
  /** The parameters whose loss gradients are computed, if they are trainable. All if it is left out. */
  readonly parameters?: ((name: string) => boolean) | undefined
}

/**
 * A model as the explainers see it. A framework adapter implements this; the core knows no framework.
 * `Value` is the framework's tensor type, which only the user's loss function ever sees; `Item` what `preprocess` takes.
 */
export interface Predictor<Value = unknown, Item = never> {
  readonly name: string
  readonly inputs: readonly ArraySpec[]
  readonly output: ArraySpec
  readonly parameters: readonly ParameterSpec[]
  /**
   * Raw items (texts, records, …) as one array per input, [items, …]. With it, a list that is given for examples is
   * one of items. Left out where examples are arrays.
   */
  preprocess?(items: readonly Item[]): Promise<readonly NdArray[]>
  /**
   * A layer as the user calls it: by its name, as the framework's own object, or by a function of the model.
   * Left out by an adapter whose models have no layers.
   *
   * @throws InvalidArgumentError if the model has no such layer
   */
  findLayer?(argument: string, reference: unknown, at: LayerSite['at']): LayerSite
  /**
   * A session on that device.
   *
   * @throws DeviceError if the device cannot be used, or is emulated in software and `allowSoftware` is false.
   */
  open(device: Device, options: OpenOptions): Promise<PredictorSession<Value>>
}

/**
 * A model on one device. Inputs are one array per model input, batch first; inference mode always, and
 * nothing of the model is changed. Each call is one pass over its whole batch.
 */
export interface PredictorSession<Value = unknown> extends Disposable {
  /** Another number after the model's weights, or which of them are trainable, have changed. */
  readonly weightsVersion: number
  /**
   * All that a prediction depends on besides the inputs, trainable or not, always in the same order: what tells one
   * model from another. Left out by an adapter that cannot; its gradients are then not kept in stores.
   */
  weights?(): Promise<readonly NamedWeight[]>
  /** How many calls may run at the same time, in workers of the session's own. Left out: one. */
  readonly concurrency?: number | undefined
  /**
   * What the tensors of a forward pass take per example, in bytes; passes are sized by it. Left out: passes have as many
   * examples as is fastest for small models.
   *
   * @param x one example
   */
  exampleBytes?(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<number>
  /** The device in whose buffers `lossGradients` leaves its numbers; undefined where they come to JavaScript. */
  readonly gpuDevice?: GPUDevice | undefined
  /** The model's output, [B, …]; with `activations`, what it is when these stand at their layers. */
  predict(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    activations?: Activations,
  ): Promise<NdArray>
  /**
   * ∂f[i, outputIndices[i]] / ∂x[i] for each example i: one array per input, each of its input's shape.
   *
   * @param outputIndices per example, the offset into its own (flattened) output; of a sum of outputs, equally many
   *   offsets per example, one example after the other
   */
  inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]>
  /**
   * The activations at layers, [B, …]: per site one array for each tensor there, several where a layer is called
   * several times or takes several.
   */
  activations?(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    sites: readonly LayerSite[],
  ): Promise<NdArray[][]>
  /**
   * ∂f[i, outputIndices[i]] / ∂ activation of each example i, per site and tensor there. With `activations`, these
   * stand at their layers and every other route to the output sees x; with sites alone, the model's own do.
   */
  activationGradients?(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    at: Activations | { readonly sites: readonly LayerSite[] },
  ): Promise<NdArray[][]>
  /**
   * Σ_q weights[q] ∂f[outputIndices[p]] / ∂ point q over the points q of each path p: arrays as `points.starts`; with
   * `points.sumOf` one row per sum instead, of gradients times ways. One pass over the points, which are made, and
   * summed, on the device. Left out by a session that gains nothing by it: explainers then make points and sums by
   * themselves, with the gradients above.
   *
   * @param x of each path its example, which the other routes to the output see if the paths lie at layers
   * @param outputIndices per path
   * @param forwardArguments likewise
   */
  pathGradients?(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    points: PathPoints,
  ): Promise<NdArray[][]>
  /**
   * g(z) = ∇θ L(y, f(x)) of each example alone, over the trainable parameters.
   *
   * @param labels in the form that the loss takes, with the factor of each position's loss
   * @param loss a function, called for one example at a time; or the named loss of one position
   */
  lossGradients(
    x: readonly NdArray[],
    labels: Labels,
    loss: PositionLoss | LossFunction<Value>,
  ): Promise<GradientBlock | GpuGradientBlock>
}
