import type { Tensor } from '@tensorflow/tfjs'
import type { KernelCall } from '../kernel.js'
import type { BatchLayout } from './batch-layout.js'

/** One use of a parameter by a kernel whose output carries the batch. */
export interface ParameterUse {
  readonly parameter: string
  /** The kernel's input that is the parameter. */
  readonly parameterInput: string
  readonly kernelName: string
  readonly call: KernelCall
  /** The indices of the other operand of a product, if it is one-hot along its last axis. */
  readonly oneHot: Tensor | undefined
  /** δ, the gradient at the kernel's output. */
  readonly delta: Tensor
  /** The layout of the kernel's output, and so of δ. */
  readonly layout: BatchLayout
  readonly batchSize: number
  /** True if factors are kept also where the gradients themselves are smaller. */
  readonly keepsFactors: boolean
}
