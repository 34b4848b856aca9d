import type { GradientBackend, DeviceGradients, Ranker } from '../gradient-backend.js'
import { releaseBlock } from '../../gradients/release-block.js'
import { GpuWork } from './gpu/gpu-work.js'
import { uploadBlock } from './upload/upload-block.js'
import { GpuRanker } from './ranking/ranker.js'

/**
 * Works on gradients in the buffers of a GPU device, in float32 on scaled rows; nothing but rankings and norms comes
 * back. The device is borrowed: it may be the framework's own, and is never destroyed.
 */
export function openWebgpuBackend(device: GPUDevice): Promise<GradientBackend> {
  const work = new GpuWork(device)
  return Promise.resolve({
    keepsFloat16: false,
    async upload(block): Promise<DeviceGradients> {
      const uploaded = uploadBlock(work, block)
      if (!('gpuDevice' in block)) releaseBlock(block)
      try {
        await work.room()
      } catch (error) {
        uploaded[Symbol.dispose]()
        throw error
      }
      return uploaded
    },
    openRanking: (options): Ranker => new GpuRanker(work, options),
    settle: () => work.settle(),
    [Symbol.dispose]: () => {
      work.dispose()
    },
  })
}
