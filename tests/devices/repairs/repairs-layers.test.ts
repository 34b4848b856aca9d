import { testedOnce } from '../../support/devices/devices.js'
import { describeLayers } from '../../support/suites/layer-suite.js'

describeLayers(testedOnce)
