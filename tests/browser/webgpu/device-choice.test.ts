import { IntegratedGradients } from 'gradlens'
import { beforeAll, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { testX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

beforeAll(() => useDevice('cpu'))

it('auto chooses wasm if WebGPU is emulated in software, and gives the reason', async () => {
  using explainer = new IntegratedGradients(tfjsClassifier(), { nSteps: 3 })
  const { params } = await explainer.explain(testX, { target: 0 })
  expect(explainer.device).toBe('wasm')
  expect(params['backendName']).toBe('wasm')
  expect(explainer.fallbackReason).toMatch(/^webgpu: .*emulated in software.*device: 'webgpu'/)
})

it('device webgpu uses the emulated adapter anyway', async () => {
  using explainer = new IntegratedGradients(tfjsClassifier(), { device: 'webgpu', nSteps: 3 })
  const { params } = await explainer.explain(testX, { target: 0 })
  expect(explainer.device).toBe('webgpu')
  expect(params['backendName']).toBe('webgpu')
  expect(explainer.fallbackReason).toBeNull()
})
