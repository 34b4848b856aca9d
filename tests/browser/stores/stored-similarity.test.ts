import { beforeAll, describe } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { storedSimilaritySuite } from '../../support/suites/stored-similarity-suite.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

describe.each(devices)('on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  storedSimilaritySuite(device, tfjsClassifier, 17)
})
