import { devices } from '../support/devices.js'
import { describeEdges } from '../support/gradient-edge-suite.js'

describeEdges(devices)
