import { convertedNetSuite } from '../support/converted-net-suite.js'

convertedNetSuite()
