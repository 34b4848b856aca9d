import type { GpuGradientBlock, GradientBlock } from './gradients/block.js'
import type { Labels } from './losses/labels.js'
import type { LossFunction, PositionLoss } from './losses/loss.js'
import type { NdArray } from './ndarray.js'
import type { Device } from './options.js'

/** An input or output of a model. The shape has no batch axis; null means any length. */
export interface ArraySpec {
  readonly name: string
  readonly shape: readonly (number | null)[]
  readonly dtype: 'float32' | 'int32'
  /** Whether the channels, of an image for example, are the first or the last axis. Default 'last'. */
  readonly channels?: 'first' | 'last' | undefined
  /** True for an output of logits, taken from a model that ends in softmax or sigmoid. */
  readonly isLogits?: boolean
  /** True for one of several outputs: a store of one does not open for another. */
  readonly isOneOfSeveral?: boolean
}

/** A parameter of a model, without its values. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly trainable: boolean
}

/** A weight of a model, with its values. */
export interface NamedWeight {
  readonly name: string
  readonly value: NdArray
}

/** A site: the outputs or the inputs of a layer, to which a prediction is attributed. */
export interface LayerSite {
  readonly layer: string
  readonly at: 'outputs' | 'inputs'
  /**
   * A name for each tensor at the site, in the order of `activations`. A layer that is called several times
   * has one per call, in the order in which the model was built, named after what the layer was called on.
   * An adapter that doesn't know the names leaves them out.
   */
  readonly tensors?: readonly string[]
  /**
   * Where the channels of each tensor are, in the order of `activations`; null for one of which the
   * adapter doesn't know.
   */
  readonly channels?: readonly ('first' | 'last' | null)[] | undefined
}

/** Values that replace the model's activations: per site, one array [B, …] for each tensor. */
export interface Activations {
  readonly sites: readonly LayerSite[]
  readonly values: readonly (readonly NdArray[])[]
}

/** Points on straight paths: point q is starts[p] + alphas[q] (ends[p] − starts[p]), p = pathOf[q]. */
export interface PathPoints {
  /** The sites of the paths. Default: the model's inputs. */
  readonly sites?: readonly LayerSite[] | undefined
  /** Per site, one array [paths, …] for each tensor; without sites, one list of all inputs. */
  readonly starts: readonly (readonly NdArray[])[]
  readonly ends: readonly (readonly NdArray[])[]
  /** The path of each point: ascending, from 0 to the number of paths − 1, each at least once. */
  readonly pathOf: Int32Array
  readonly alphas: Float64Array
  readonly weights: Float64Array
  /**
   * The sum to which each path adds: ascending from 0, each at least once. Gradients are then multiplied by
   * end − start of their path. Default: one sum per path, of the gradients as they are.
   */
  readonly sumOf?: Int32Array | undefined
}

/**
 * Further named arguments of the model, with the batch as their first axis. An argument with the name of an
 * input replaces that input, which x and the input gradients then leave out.
 */
export type ForwardArguments = Readonly<Record<string, NdArray>>

/** How a session is opened. */
export interface OpenOptions {
  /** Whether a device that is emulated in software is accepted. */
  readonly allowSoftware: boolean
  /** Chooses the trainable parameters whose loss gradients are computed. Default: all. */
  readonly parameters?: ((name: string) => boolean) | undefined
}

/** Options of `lossGradients`. */
export interface LossGradientOptions {
  /**
   * True if the factors a and δ of products and convolutions are needed, and the biases of their layers, in arrays. A
   * session that does not keep them returns what it has; curvature then refuses those parameters, or takes a coarser
   * approximation.
   */
  readonly keepsFactors?: boolean | undefined
  /**
   * Returns the labels to differentiate for, from the model's output [B, …] in the same pass. The session's `drawsLabels`
   * must be true.
   */
  readonly drawLabels?: ((output: NdArray) => Labels) | undefined
}

/**
 * A model as the explainers see it. Adapters of frameworks implement this interface. `Value` is the
 * framework's tensor type, which only the user's loss function sees. `Item` is the type that `preprocess`
 * takes.
 */
export interface Predictor<Value = unknown, Item = never> {
  readonly name: string
  readonly inputs: readonly ArraySpec[]
  readonly output: ArraySpec
  readonly parameters: readonly ParameterSpec[]
  /** The devices that 'auto' tries, the best one first. Default webgpu, wasm, cpu. */
  readonly devices?: readonly Device[] | undefined
  /**
   * Converts raw items, such as texts or records, to one array [items, …] per input. With it, a list of
   * examples is a list of items. Left out if examples are arrays.
   */
  preprocess?(items: readonly Item[]): Promise<readonly NdArray[]>
  /**
   * Finds a layer by its name, by the framework's own object, or by a function of the model. Left out by an
   * adapter whose models have no layers.
   *
   * @throws InvalidArgumentError if the model has no such layer
   */
  findLayer?(argument: string, reference: unknown, at: LayerSite['at']): LayerSite
  /**
   * Returns the outputs of the convolutions on which the output depends, in the order of their calls. Each is taken
   * after the elementwise layers that follow the convolution, such as a normalization and an activation. Left out by
   * an adapter that doesn't know them.
   */
  listConvolutions?(): readonly LayerSite[]
  /**
   * Opens a session on a device.
   *
   * @throws DeviceError if the device can't be used, or is emulated in software and `allowSoftware` is false
   */
  open(device: Device, options: OpenOptions): Promise<PredictorSession<Value>>
}

/**
 * A model on one device. `x` has one array [B, …] per model input. Each call is one pass over its whole
 * batch, in inference mode, and leaves the model unchanged.
 */
export interface PredictorSession<Value = unknown> extends Disposable {
  /** A number that changes when the weights change, or which of them are trainable. */
  readonly weightsVersion: number
  /**
   * Returns all weights on which a prediction depends, trainable or not, always in the same order. They
   * identify the model of a store. Without this method, gradients can't be kept in stores.
   */
  weights?(): Promise<readonly NamedWeight[]>
  /** How many calls can run at the same time, for example in several workers. Default 1. */
  readonly concurrency?: number | undefined
  /**
   * Returns the bytes that the tensors of a forward pass take per example, which `batchSize: 'auto'` uses.
   * Without this method, 'auto' is the size that suits small models.
   *
   * @param x one example
   */
  exampleBytes?(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<number>
  /** The device in whose buffers `lossGradients` leaves its results; undefined if they are arrays. */
  readonly gpuDevice?: GPUDevice | undefined
  /** True if `lossGradients` has the option `drawLabels`. Without it, a pass of its own predicts. */
  readonly drawsLabels?: boolean | undefined
  /** Returns the model's output [B, …]; with `activations`, after they replace those at their layers. */
  predict(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    activations?: Activations,
  ): Promise<NdArray>
  /**
   * Returns ∂f[i, outputIndices[i]] / ∂x[i] for each example i: one array per input, of its shape.
   *
   * @param outputIndices per example, the offset into its flattened output; for a sum of outputs, the same
   *   number of offsets for each example, one example after the other
   */
  inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]>
  /**
   * Returns the activations at layers: per site, one array [B, …] for each tensor. A layer that is called
   * several times, or has several inputs, has several.
   */
  activations?(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    sites: readonly LayerSite[],
  ): Promise<NdArray[][]>
  /**
   * Returns ∂f[i, outputIndices[i]] / ∂ activation for each example i, per site and tensor. Given
   * `Activations` replace the model's own at their layers, while every other route to the output sees x.
   */
  activationGradients?(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    at: Activations | { readonly sites: readonly LayerSite[] },
  ): Promise<NdArray[][]>
  /**
   * Returns Σ_q weights[q] ∂f[outputIndices[p]] / ∂ point q over the points q of each path p, in arrays as
   * `points.starts`; with `points.sumOf`, one row per sum of gradients times end − start. The points are
   * created and summed on the device, in one pass. Without this method, explainers create points and sums
   * themselves from the gradients above.
   *
   * @param x the example of each path, which the other routes to the output see if the sites are layers
   * @param outputIndices per path
   * @param forwardArguments per path
   */
  pathGradients?(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    points: PathPoints,
  ): Promise<NdArray[][]>
  /**
   * Returns g(z) = ∇θ L(y, f(x)) of each example, over the trainable parameters.
   *
   * @param labels in the form that the loss takes, with a factor for the loss of each position; with `drawLabels`, only
   *   their number counts
   * @param loss a function, which is called with one example at a time, or the named loss of one position
   */
  lossGradients(
    x: readonly NdArray[],
    labels: Labels,
    loss: PositionLoss | LossFunction<Value>,
    options?: LossGradientOptions,
  ): Promise<GradientBlock | GpuGradientBlock>
}
