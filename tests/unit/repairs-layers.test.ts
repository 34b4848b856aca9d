import { devices } from '../support/devices.js'
import { describeLayers } from '../support/layer-suite.js'

describeLayers(devices)
