import * as tf from '@tensorflow/tfjs'
import type { KernelBackend } from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-webgpu/dist/flags_webgpu.js'
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js'
import { explainFailedImport } from '../failed-import.js'
import { lacksKernels } from './register-backend.js'

/** Features that TensorFlow.js's kernels use where the adapter has them. */
const usedFeatures: readonly GPUFeatureName[] = ['timestamp-query', 'bgra8unorm-storage']

/** Limits that are raised to the adapter's, so that tensors can be as large as it allows. */
const raisedLimits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const

/**
 * Starts TensorFlow.js's WebGPU backend.
 *
 * @throws Error if the browser has no GPU adapter
 */
export async function openWebgpu(): Promise<KernelBackend> {
  const powerPreference = tf.env().get('WEBGPU_USE_LOW_POWER_GPU')
    ? 'low-power'
    : 'high-performance'
  const adapter = await navigator.gpu.requestAdapter({ powerPreference })
  if (adapter === null) throw new Error('the browser found no GPU adapter on this computer')
  if (lacksKernels('webgpu')) await import('./webgpu-kernels.js').catch(explainFailedImport)
  const device = await adapter.requestDevice({
    requiredFeatures: usedFeatures.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(raisedLimits.map((limit) => [limit, adapter.limits[limit]])),
  })
  return new WebGPUBackend(device, adapter.info)
}
