import type { NdArray } from 'gradlens'
import { beforeAll, describe } from 'vitest'
import { denseLayers, densePredictor } from '../../support/models/dense-net.js'
import { useDevice } from '../../support/devices/devices.js'
import { predictorConformance } from '../../support/references/predictor-conformance.js'
import { tfjsKind } from '../../support/references/tfjs-conformance.js'

describe('a dense net in plain TypeScript', () => {
  predictorConformance<NdArray>({
    create: ({ weights, activations, inputShapes }) => {
      const layers = denseLayers(weights, activations)
      return {
        predictor: densePredictor(layers, { inputShapes }),
        setWeights: (changed) => {
          layers.splice(0, layers.length, ...denseLayers(changed, activations))
        },
      }
    },
    device: 'cpu',
    refused: { device: 'wasm', allowSoftware: true },
    fourthPowers: (yTrue, yPred) => ({
      data: Float64Array.of(
        [...yPred.data].reduce((sum, value, k) => sum + ((yTrue.data[k] ?? NaN) - value) ** 4, 0),
      ),
      shape: [],
    }),
  })
})

describe.each(['cpu', 'wasm'] as const)('TensorFlow.js on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  predictorConformance(tfjsKind(device, { device: 'webgpu', allowSoftware: true }))
})
