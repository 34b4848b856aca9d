import { InvalidArgumentError } from '../errors.js'
import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import type { Float16Block } from '../gradients/float16-block.js'

/** @throws InvalidArgumentError for a block in GPU buffers */
export function requireHostBlock(
  block: GradientBlock | Float16Block | GpuGradientBlock,
): GradientBlock | Float16Block {
  if (!('gpuDevice' in block)) return block
  throw new InvalidArgumentError('block', 'one in GPU buffers', 'one in memory')
}
