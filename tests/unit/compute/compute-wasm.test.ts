import { openWasmBackend } from '../../../src/compute/wasm/open.js'
import { describeBackend } from '../../support/suites/compute-suite.js'

describeBackend('the SIMD kernels', {
  open: async () => (await openWasmBackend()).backend,
  // Sums of up to 256 float32 products per lane, each rounded by 6e-8, of factors that may be rounded themselves.
  tolerance: 1e-5,
})
