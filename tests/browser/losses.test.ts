import { lossSuite } from '../support/loss-suite.js'

lossSuite()
