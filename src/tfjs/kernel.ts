import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs'

/** A kernel's attributes (strides, padding, …) as its op passes them. */
export type Attributes = Readonly<Record<string, unknown>>

/** What a kernel computes, written with tfjs ops or on the host: stands in for a kernel that a backend lacks. */
export type Kernel = (inputs: NamedTensorMap, attributes: Attributes) => Tensor

/** Stands in for a backend's kernel for some inputs alone; for all others the backend's own is right. */
export interface PartialRepair {
  readonly isNeeded: (inputs: NamedTensorMap, attributes: Attributes) => boolean
  readonly kernel: Kernel
}

/** One call of a kernel as the tape has it. */
export interface KernelCall {
  readonly inputs: NamedTensorMap
  readonly outputs: readonly Tensor[]
  readonly attributes: Attributes
}

/**
 * The gradient of a kernel: from the gradients at its outputs, one thunk per differentiable input, so that
 * only what is asked for is computed. An input without a thunk has no gradient.
 */
export type Gradient = (
  outputGradients: readonly Tensor[],
  call: KernelCall,
) => Readonly<Record<string, () => Tensor>>
