import type { GradientBackend, DeviceGradients, Ranker } from '../gradient-backend.js'
import { releaseBlock } from '../../gradients/release-block.js'
import { GpuWork } from './gpu/gpu-work.js'
import { uploadBlock } from './upload/upload-block.js'
import { GpuRanker } from './ranking/ranker.js'

/**
 * Opens a backend on a GPU device, which computes in float32 on scaled gradients. Only rankings and norms are read back.
 * The device may belong to the framework, and is never destroyed.
 */
export function openWebgpuBackend(device: GPUDevice): Promise<GradientBackend> {
  const work = new GpuWork(device)
  return Promise.resolve({
    keepsFloat16: false,
    async upload(block): Promise<DeviceGradients> {
      const uploaded = uploadBlock(work, block)
      if (!('gpuDevice' in block)) releaseBlock(block)
      try {
        await work.waitForRoom()
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
