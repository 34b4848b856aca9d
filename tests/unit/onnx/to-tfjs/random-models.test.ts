import { expect, it } from 'vitest'
import { useDevice } from '../../../support/devices/devices.js'
import { compareWithRuntime } from '../../../support/onnx/compare-converted.js'
import { randomOnnxModel } from '../../../support/onnx/random/random-model.js'

/** Float32 against float32, with sums in other orders; relative to the largest output. */
const tolerance = 1e-6

const seeds = Array.from({ length: 40 }, (_, seed) => seed + 1)

it('computes what ONNX Runtime does, for one, two and five examples', async () => {
  await useDevice('cpu')
  const wrong: string[] = []
  for (const seed of seeds) {
    const model = randomOnnxModel(seed)
    const error = await compareWithRuntime(model, seed)
    if (!(error <= tolerance)) wrong.push(`seed ${seed}: ${model.description}: ${error}`)
  }
  expect(wrong).toEqual([])
})
