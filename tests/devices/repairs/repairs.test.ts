import { testedOnce } from '../../support/devices/devices.js'
import { describeGradients } from '../../support/suites/gradient-suite.js'
import { kernelCases } from '../../support/cases/kernel-cases.js'

describeGradients(kernelCases, testedOnce)
