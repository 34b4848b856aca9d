import { testedOnce } from '../support/devices.js'
import { describeLayers } from '../support/layer-suite.js'

describeLayers(testedOnce)
