import { testedOnce } from '../support/devices.js'
import { describeForward } from '../support/forward-suite.js'

// The page's cpu backend is the reference.
describeForward(testedOnce.filter((device) => device !== 'cpu'))
