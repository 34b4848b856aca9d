import type { Tensor } from '@tensorflow/tfjs'
import type { ArraySpec } from '../../predictor.js'
import type { ModelLayers } from './layers/layer-sites.js'

/** A model for the tape: a synchronous function of tensors and weights in inference mode. */
export interface TensorModel {
  readonly name: string
  /** The model of which this is the same with other trainable weights; itself if it is undefined. */
  readonly original?: TensorModel
  readonly inputs: readonly ArraySpec[]
  readonly output: ArraySpec
  /** Returns the current weights. A page may freeze or train its model between two calls. */
  weights(): readonly Weight[]
  /**
   * Other tensors that the model uses. They aren't parameters, but must be on the device as well.
   */
  readonly constants: readonly Tensor[]
  /** Warnings for users of the parameters' gradients, one sentence each. */
  readonly parameterWarnings?: readonly string[]
  /**
   * Returns why the model computes batches example by example; undefined if it doesn't. The model
   * warns of it. Left out for models that never do.
   */
  readonly singleReason?: () => string | undefined
  /** Undefined if the model has no accessible layers. */
  readonly layers?: ModelLayers
  call(x: readonly Tensor[], forwardArguments: Readonly<Record<string, Tensor>>): Tensor
}

export interface Weight {
  readonly name: string
  /** The page's own tensor, a Variable if the model can be trained. */
  readonly tensor: Tensor
  readonly trainable: boolean
}
