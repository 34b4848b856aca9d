import { testedOnce } from '../support/devices.js'
import { describeGradients } from '../support/gradient-suite.js'
import { kernelCases } from '../support/kernel-cases.js'

describeGradients(kernelCases, testedOnce)
