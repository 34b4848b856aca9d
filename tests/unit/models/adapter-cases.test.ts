import type { NdArray } from 'gradlens'
import { adapterCases } from 'gradlens/testing'
import { beforeAll, describe, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { testedDenseNet } from '../../support/adapters/tested-dense-net.js'
import { testedTfjs } from '../../support/adapters/tested-tfjs.js'

describe('a dense net in plain TypeScript', () => {
  for (const { title, run } of adapterCases<NdArray>(testedDenseNet)) it(title, run)
})

describe.each(['cpu', 'wasm'] as const)('TensorFlow.js on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const adapter = testedTfjs(device, { device: 'webgpu', allowSoftware: true })
  for (const { title, run } of adapterCases(adapter)) it(title, run)
})
