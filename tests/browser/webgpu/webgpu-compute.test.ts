import { describeBackend } from '../../support/suites/compute-suite.js'
import { sharedGpuDevice } from '../../support/devices/gpu-device.js'
import { openWebgpuBackend } from '../../../src/compute/webgpu/open.js'

describeBackend('kernels in WGSL', {
  open: async () => openWebgpuBackend(await sharedGpuDevice()),
  // Sums are float32: sums of 16 terms are added up, and the gradients of the suite have 4,099 at the most.
  tolerance: 1e-5,
  // The software adapter takes its time.
  runs: 12,
})
