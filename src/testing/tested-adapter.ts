import type { LossFunction } from '../losses/loss.js'
import type { LossName } from '../losses/names.js'
import type { Device } from '../options.js'
import type { Predictor } from '../predictor.js'
import type { TestLayer, TestModel } from './test-model.js'

/** A predictor of a test model, as an adapter makes it. */
export interface TestedPredictor<Value> {
  readonly predictor: Predictor<Value>
  /**
   * The parameter of each weight of the model, in the order of its weights. Default: the predictor's parameters in
   * their order.
   */
  readonly parameters?: readonly TestedParameter[] | undefined
  /** What `findLayer` finds each layer by, in the order of the model's layers. */
  readonly layers?: readonly unknown[] | undefined
  /** Changes the model's weights, as a page that trains it does. Left out if they never change. */
  readonly setWeights?: ((values: readonly Float32Array[]) => void) | undefined
  /** Frees the model after its case. */
  readonly dispose?: (() => void) | undefined
}

/** The parameter of an adapter for a weight of a test model. */
export interface TestedParameter {
  readonly name: string
  /** The weight's axes in the order in which the parameter has them. Default: [0, 1, …]. */
  readonly axes?: readonly number[] | undefined
}

/** What an adapter can do, and how its predictors of the test models are made. */
export interface TestedAdapter<Value = unknown> {
  readonly device: Device
  /** A device that the adapter must refuse. Left out if it runs on all. */
  readonly refused?: { readonly device: Device; readonly allowSoftware: boolean } | undefined
  /** Makes a predictor of a model. */
  create(model: TestModel): TestedPredictor<Value> | Promise<TestedPredictor<Value>>
  /** The layers that the framework has. Default: all. */
  readonly layerKinds?: readonly TestLayer['kind'][] | undefined
  /** False for an adapter whose models have one output per example, not one per position. Default true. */
  readonly hasPositions?: boolean | undefined
  /** The losses that the adapter knows by name. Default: those of `referenceLosses`. */
  readonly losses?: readonly LossName[] | undefined
  /** Σ (yTrue − yPred)⁴ of one example, in the adapter's own type of loss functions, if it takes any. */
  readonly lossFunction?: LossFunction<Value> | undefined
  /** False for an adapter whose parameters can't be frozen. Default true. */
  readonly freezes?: boolean | undefined
  /** True if its predictors find layers, and its sessions have activations and their gradients. */
  readonly hasLayers?: boolean | undefined
  /** True if its sessions have `pathGradients`. */
  readonly hasPaths?: boolean | undefined
  /** True if its gradients stay in GPU buffers. */
  readonly hasGpuBlocks?: boolean | undefined
}

/** A case that an adapter passes, or that throws an error. */
export interface AdapterCase {
  /** What the case tests, as a sentence. */
  readonly title: string
  /** Runs the case. Rejects if the adapter fails it. */
  readonly run: () => Promise<void>
}
