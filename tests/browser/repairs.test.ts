import { describeGradients } from '../support/gradient-suite.js'
import { kernelCases } from '../support/kernel-cases.js'

// cpu and wasm compute the same in Node, where tests/unit has them.
describeGradients(kernelCases, ['webgpu'])
