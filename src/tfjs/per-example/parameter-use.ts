import type { Tensor } from '@tensorflow/tfjs'
import type { KernelCall } from '../kernel.js'

/** One use of a parameter: which input of a kernel it came in by. */
export interface ParameterUse {
  readonly parameter: string
  readonly parameterInput: string
  readonly kernelName: string
  readonly call: KernelCall
  /** δ, the gradient at the kernel's output. */
  readonly delta: Tensor
  readonly batchSize: number
}
