import { openCpuCompute } from '../../src/compute/cpu.js'
import { openWasmCompute } from '../../src/compute/wasm/open.js'
import { describeHalf } from '../support/half-suite.js'

describeHalf('cpu', { open: () => Promise.resolve(openCpuCompute()), runs: 30 })
describeHalf('wasm', { open: async () => (await openWasmCompute()).compute, runs: 60 })
