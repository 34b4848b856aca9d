import type { Predictor } from 'gradlens'
import { beforeAll, describe } from 'vitest'
import { devices, useDevice } from '../support/devices.js'
import { projectedSimilaritySuite } from '../support/projected-similarity-suite.js'
import { classifier } from '../support/small-nets.js'
import { tfjsClassifier } from '../support/tfjs-nets.js'

describe('on a net without a framework', () => {
  projectedSimilaritySuite('cpu', () => classifier() as Predictor)
})

describe.each(devices)('on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  projectedSimilaritySuite(device, tfjsClassifier)
})
