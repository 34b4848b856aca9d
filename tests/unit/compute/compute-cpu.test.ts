import { openCpuBackend } from '../../../src/compute/cpu-backend.js'
import { describeBackend } from '../../support/suites/compute-suite.js'

describeBackend('the plain loops', {
  open: () => Promise.resolve(openCpuBackend()),
  // Sums are float64; a compacted gradient and the scores are rounded to float32, 6e-8 each.
  tolerance: 1e-6,
})
