import { integratedGradientsSuite } from '../support/integrated-gradients-suite.js'

integratedGradientsSuite()
