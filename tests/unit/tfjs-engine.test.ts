import { engineSuite } from '../support/engine-suite.js'

engineSuite()
