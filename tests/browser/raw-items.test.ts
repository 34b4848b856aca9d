import { rawItemsSuite } from '../support/raw-items-suite.js'

rawItemsSuite()
