import type { Tensor } from '@tensorflow/tfjs'
import type { ArraySpec } from '../../predictor.js'
import type { ModelLayers } from './layer-sites.js'

/** A model as the tape sees it: a synchronous function of tensors and weights, in inference mode. */
export interface TensorModel {
  readonly name: string
  readonly inputs: readonly ArraySpec[]
  readonly output: ArraySpec
  /** The weights as they stand now: a page may freeze or train its model between two calls. */
  weights(): readonly Weight[]
  /** Further tensors that it computes with, which are no parameters: they have to be on the device as well. */
  readonly constants: readonly Tensor[]
  /** What the user should know before gradients by the parameters are used, one sentence each. */
  readonly parameterWarnings?: readonly string[]
  /** Left out where it has none that could be looked into. */
  readonly layers?: ModelLayers
  call(x: readonly Tensor[], forwardArguments: Readonly<Record<string, Tensor>>): Tensor
}

export interface Weight {
  readonly name: string
  /** The page's own, a Variable where the model can be trained. */
  readonly tensor: Tensor
  readonly trainable: boolean
}
