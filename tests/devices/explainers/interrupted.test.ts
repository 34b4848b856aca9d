import type { Predictor } from 'gradlens'
import { beforeAll, describe } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { interruptedSuite } from '../../support/suites/interrupted-suite.js'
import { classifier } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

describe('on a net without a framework', () => {
  interruptedSuite('cpu', (seed) => classifier(seed) as Predictor)
})

describe.each(devices)('on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  interruptedSuite(device, tfjsClassifier)
})
