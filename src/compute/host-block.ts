import { InvalidArgumentError } from '../errors.js'
import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import type { HalfBlock } from './half-block.js'

/** @throws InvalidArgumentError for a block in the buffers of a GPU */
export function hostBlock(
  block: GradientBlock | HalfBlock | GpuGradientBlock,
): GradientBlock | HalfBlock {
  if (!('gpuDevice' in block)) return block
  throw new InvalidArgumentError('block', 'one in GPU buffers', 'one in memory')
}
