import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs'

/** A kernel's attributes (strides, padding, …) as its op passes them. */
export type Attributes = Readonly<Record<string, unknown>>

/** A replacement for a kernel that a backend lacks, written with tfjs ops or on the host. */
export type Kernel = (inputs: NamedTensorMap, attributes: Attributes) => Tensor

/** Replaces a backend's kernel for some inputs only. For all others the backend's own is right. */
export interface PartialRepair {
  readonly isNeeded: (inputs: NamedTensorMap, attributes: Attributes) => boolean
  readonly kernel: Kernel
}

/** One call of a kernel on the tape. */
export interface KernelCall {
  readonly inputs: NamedTensorMap
  readonly outputs: readonly Tensor[]
  readonly attributes: Attributes
}

/**
 * The gradient of a kernel. Given the gradients at its outputs, it returns one thunk per
 * differentiable input, so only requested gradients are computed. An input without a thunk has no
 * gradient.
 */
export type Gradient = (
  outputGradients: readonly Tensor[],
  call: KernelCall,
) => Readonly<Record<string, () => Tensor>>
