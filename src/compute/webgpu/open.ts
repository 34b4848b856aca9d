import type { Compute, HeldGradients, Ranker } from '../compute.js'
import { giveBack } from '../give-back.js'
import { GpuWork } from './gpu-work.js'
import { holdBlock } from './hold-block.js'
import { GpuRanker } from './ranker.js'

/**
 * Works on gradients in the buffers of a GPU device, in float32 on scaled rows; nothing but rankings and norms comes
 * back. The device is borrowed: it may be the framework's own, and is never destroyed.
 */
export function openWebgpuCompute(device: GPUDevice): Promise<Compute> {
  const work = new GpuWork(device)
  return Promise.resolve({
    keepsHalf: false,
    async hold(block): Promise<HeldGradients> {
      const held = holdBlock(work, block)
      if (!('gpuDevice' in block)) giveBack(block)
      try {
        await work.room()
      } catch (error) {
        held[Symbol.dispose]()
        throw error
      }
      return held
    },
    openRanking: (options): Ranker => new GpuRanker(work, options),
    settle: () => work.settle(),
    [Symbol.dispose]: () => {
      work.dispose()
    },
  })
}
