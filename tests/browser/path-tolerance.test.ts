import { pathToleranceSuite } from '../support/path-tolerance-suite.js'

pathToleranceSuite()
