import { beforeAll, describe } from 'vitest'
import { devices, useDevice } from '../support/devices.js'
import { projectedSimilaritySuite } from '../support/projected-similarity-suite.js'
import { tfjsClassifier } from '../support/tfjs-nets.js'

describe.each(devices)('on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  projectedSimilaritySuite(device, tfjsClassifier)
})
