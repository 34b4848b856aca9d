import type { GradientBackend, DeviceGradients, Ranker } from '../gradient-backend.js'
import { explainFailedImport } from '../../failed-import.js'
import { releaseBlock } from '../../gradients/release-block.js'
import { GpuWork } from './gpu/gpu-work.js'
import { uploadBlock } from './upload/upload-block.js'
import type { Projector } from './projection/projector.js'
import { GpuRanker } from './ranking/ranker.js'
import type { GpuGradients } from './webgpu-gradients.js'

/**
 * Opens a backend on a GPU device, which computes in float32 on scaled gradients. Only rankings and norms are read back.
 * The device may belong to the framework, and is never destroyed.
 */
export function openWebgpuBackend(device: GPUDevice): Promise<GradientBackend> {
  const work = new GpuWork(device)
  let projector: Projector | undefined
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
    async project(gradients, projection): Promise<DeviceGradients | undefined> {
      const { Projector } = await import('./projection/projector.js').catch(explainFailedImport)
      projector ??= new Projector(work)
      const projected = projector.project(gradients as GpuGradients, projection)
      try {
        await work.waitForRoom()
      } catch (error) {
        projected?.[Symbol.dispose]()
        throw error
      }
      return projected
    },
    openRanking: (options): Ranker => new GpuRanker(work, options),
    settle: () => work.settle(),
    [Symbol.dispose]: () => {
      work.dispose()
    },
  })
}
