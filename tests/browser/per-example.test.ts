import { perExampleSuite } from '../support/per-example-suite.js'

perExampleSuite()
