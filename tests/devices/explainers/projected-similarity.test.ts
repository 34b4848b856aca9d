import type { Predictor } from 'gradlens'
import { beforeAll, describe } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { projectedSimilaritySuite } from '../../support/suites/projected-similarity-suite.js'
import { classifier } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

describe('on a net without a framework', () => {
  projectedSimilaritySuite('cpu', () => classifier() as Predictor)
})

describe.each(devices)('on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  projectedSimilaritySuite(device, tfjsClassifier)
})
