import { IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { useDevice } from '../support/devices.js'
import { denseNet } from '../support/models.js'
import { randomLayers, testX } from '../support/small-nets.js'

beforeAll(() => useDevice('cpu'))

const predictor = (): ReturnType<typeof tfjsPredictor> => {
  const [layer] = randomLayers([3, 3], 'softmax')
  return tfjsPredictor(denseNet([layer!.kernel, layer!.bias], ['softmax']))
}

it('auto takes wasm where WebGPU is emulated in software, and says so', async () => {
  using explainer = new IntegratedGradients(predictor(), { nSteps: 3 })
  const { params } = await explainer.explain(testX, { target: 0 })
  expect(explainer.device).toBe('wasm')
  expect(params['backendName']).toBe('wasm')
  expect(explainer.fallbackReason).toMatch(/^webgpu: .*emulated in software.*device: 'webgpu'/)
})

it('device webgpu uses the emulated adapter all the same', async () => {
  using explainer = new IntegratedGradients(predictor(), { device: 'webgpu', nSteps: 3 })
  const { params } = await explainer.explain(testX, { target: 0 })
  expect(explainer.device).toBe('webgpu')
  expect(params['backendName']).toBe('webgpu')
  expect(explainer.fallbackReason).toBeNull()
})
