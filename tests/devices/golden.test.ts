import { goldenSuite } from '../support/golden-suite.js'

goldenSuite()
