import { openWasmCompute } from '../../src/compute/wasm/open.js'
import { openWebgpuCompute } from '../../src/compute/webgpu/open.js'
import { sharedGpuDevice } from '../support/gpu-device.js'
import { describeHalf } from '../support/half-suite.js'

describeHalf('the pool of workers', {
  open: async () => (await openWasmCompute()).compute,
  runs: 15,
})
describeHalf('webgpu', { open: async () => openWebgpuCompute(await sharedGpuDevice()), runs: 6 })
