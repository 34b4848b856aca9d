import { adapterCases } from 'gradlens/testing'
import { beforeAll, describe, it } from 'vitest'
import { useDevice } from '../support/devices/devices.js'
import { testedTfjs } from '../support/adapters/tested-tfjs.js'

describe.each(['wasm', 'webgpu'] as const)('TensorFlow.js on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  // The tests' only adapter is emulated in software.
  const adapter = testedTfjs(device, { device: 'webgpu', allowSoftware: false })
  for (const { title, run } of adapterCases(adapter)) it(title, run)
})
