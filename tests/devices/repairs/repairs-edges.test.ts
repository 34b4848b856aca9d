import { devices } from '../../support/devices/devices.js'
import { describeEdges } from '../../support/suites/gradient-edge-suite.js'

describeEdges(devices)
