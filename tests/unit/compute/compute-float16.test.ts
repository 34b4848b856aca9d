import { openCpuBackend } from '../../../src/compute/cpu-backend.js'
import { openWasmBackend } from '../../../src/compute/wasm/open.js'
import { describeFloat16 } from '../../support/suites/float16-suite.js'

describeFloat16('cpu', { open: () => Promise.resolve(openCpuBackend()), runs: 30 })
describeFloat16('wasm', { open: async () => (await openWasmBackend()).backend, runs: 60 })
