import { goldenSuite } from '../../support/suites/golden-suite.js'

goldenSuite()
