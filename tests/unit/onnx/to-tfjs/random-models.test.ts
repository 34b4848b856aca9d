import { expect, it } from 'vitest'
import { useDevice } from '../../../support/devices/devices.js'
import { compareGradients } from '../../../support/onnx/compare-gradients.js'
import { compareWithRuntime } from '../../../support/onnx/compare-converted.js'
import { randomOnnxModel } from '../../../support/onnx/random/random-model.js'

/** Float32 against float32, with sums in other orders; relative to the largest output. */
const tolerance = 1e-6

/** Float32 gradients of two implementations. */
const gradientTolerance = 1e-4

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

it("has the per-example gradients of ONNX Runtime's graph", async () => {
  await useDevice('cpu')
  const wrong: string[] = []
  let compared = 0
  for (const seed of seeds) {
    const model = randomOnnxModel(seed)
    const error = await compareGradients(model, seed)
    if (error === undefined) continue
    compared++
    if (!(error <= gradientTolerance)) wrong.push(`seed ${seed}: ${model.description}: ${error}`)
  }
  expect(wrong).toEqual([])
  expect(compared).toBeGreaterThan(20)
})
