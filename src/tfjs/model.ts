import type { Tensor, Variable } from '@tensorflow/tfjs'
import type { ArraySpec } from '../predictor.js'

/** A model as the tape sees it: a synchronous function of tensors and variables, in inference mode. */
export interface TensorModel {
  readonly name: string
  readonly inputs: readonly ArraySpec[]
  readonly output: ArraySpec
  /** The variables as they stand now: a page may freeze or train its model between two calls. */
  weights(): readonly Weight[]
  call(x: readonly Tensor[], forwardArguments: Readonly<Record<string, Tensor>>): Tensor
}

export interface Weight {
  readonly name: string
  readonly variable: Variable
  readonly trainable: boolean
}
