import { beforeAll, describe } from 'vitest'
import { devices, useDevice } from '../support/devices.js'
import { interruptedSuite } from '../support/interrupted-suite.js'
import { tfjsClassifier } from '../support/tfjs-nets.js'

describe.each(devices)('on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  interruptedSuite(device, tfjsClassifier)
})
