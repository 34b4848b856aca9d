import { testedOnce } from '../../support/devices/devices.js'
import { describeForward } from '../../support/suites/forward-suite.js'

// The page's cpu backend is the reference.
describeForward(testedOnce.filter((device) => device !== 'cpu'))
