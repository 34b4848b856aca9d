import { similaritySuite } from '../support/similarity-suite.js'

similaritySuite()
