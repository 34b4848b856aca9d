import { namedInputsSuite } from '../support/named-inputs-suite.js'

namedInputsSuite()
