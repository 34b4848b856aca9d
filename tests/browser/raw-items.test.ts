import { rawItemsSuite } from '../support/suites/raw-items-suite.js'

rawItemsSuite()
