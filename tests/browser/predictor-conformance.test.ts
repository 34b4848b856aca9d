import { beforeAll, describe } from 'vitest'
import { useDevice } from '../support/devices/devices.js'
import { predictorConformance } from '../support/references/predictor-conformance.js'
import { tfjsKind } from '../support/references/tfjs-conformance.js'

describe.each(['wasm', 'webgpu'] as const)('TensorFlow.js on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  // The tests' only adapter is emulated in software.
  predictorConformance(tfjsKind(device, { device: 'webgpu', allowSoftware: false }))
})
