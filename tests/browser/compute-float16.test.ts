import { openWasmBackend } from '../../src/compute/wasm/open.js'
import { openWebgpuBackend } from '../../src/compute/webgpu/open.js'
import { sharedGpuDevice } from '../support/devices/gpu-device.js'
import { describeFloat16 } from '../support/suites/float16-suite.js'

describeFloat16('the pool of workers', {
  open: async () => (await openWasmBackend()).backend,
  runs: 15,
})
describeFloat16('webgpu', { open: async () => openWebgpuBackend(await sharedGpuDevice()), runs: 6 })
