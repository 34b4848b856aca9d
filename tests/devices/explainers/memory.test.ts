import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, isGradlensError, type Progress } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { leaveFree } from '../../support/devices/full-memory.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'

const exampleCount = 24
const inputSize = 512
const bytesPerExample = 4 * inputSize

/** Float32 sums over batches of other sizes, relative to the largest score. */
const tolerance = 1e-5

const x = {
  data: uniform(seededRandom(3), exampleCount * inputSize, [-1, 1]),
  shape: [exampleCount, inputSize],
}
const y = {
  data: Int32Array.from({ length: exampleCount }, (_, row) => row % 3),
  shape: [exampleCount],
}
const lossFn = 'sparseCategoricalCrossentropyFromLogits'

function wideModel(): tf.LayersModel {
  const random = seededRandom(5)
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 2, activation: 'tanh', inputShape: [inputSize] }),
        tf.layers.dense({ units: 3 }),
      ],
    }),
  )
  tf.tidy(() => {
    model.setWeights(
      model.getWeights().map(({ shape, size }) => tf.tensor(uniform(random, size, [-1, 1]), shape)),
    )
  })
  return model
}

/** Tests that a call continues with smaller batches or fails with a named error, and that TensorFlow.js stays usable. */

const limited = devices.filter((device) => device !== 'cpu')

describe.each(limited)('memory that does not suffice on %s', (device) => {
  let release: (() => void) | undefined
  beforeAll(() => useDevice('cpu'))
  afterEach(() => {
    release?.()
    release = undefined
  })

  it('makes the batches smaller, and keeps the scores', async () => {
    const predictor = tfjsPredictor(wideModel())
    const options = { device, precomputeGrads: true, batchSize: exampleCount } as const
    using roomy = new GradientSimilarity(predictor, lossFn, options)
    await roomy.fit(x, y)
    const expected = await roomy.explain(x, y)

    using explainer = new GradientSimilarity(predictor, lossFn, options)
    // The weights are on the device; for the rest there is room for some examples.
    await explainer.fit(x, y)
    release = leaveFree(device, 12 * bytesPerExample)
    const steps: number[] = []
    const onProgress = ({ done }: Progress): void => void steps.push(done)
    await explainer.fit(x, y, { onProgress })
    const { data } = await explainer.explain(x, y)
    release()
    expect(steps.length).toBeGreaterThan(1)
    expect(steps.at(-1)).toBe(exampleCount)
    const largest = Math.max(...expected.data.scores.data.map(Math.abs))
    for (const [k, score] of data.scores.data.entries()) {
      const difference = Math.abs(score - expected.data.scores.data[k]!)
      expect(difference, `score ${k}`).toBeLessThanOrEqual(tolerance * largest)
    }
  })

  it('ends in an error if not even one example fits, and keeps what was fitted', async () => {
    using explainer = new GradientSimilarity(tfjsPredictor(wideModel()), lossFn, {
      device,
      precomputeGrads: true,
    })
    await explainer.fit(x, y)
    const before = await explainer.explain(x, y)
    release = leaveFree(device, bytesPerExample / 2)
    const error: unknown = await explainer.fit(x, y).catch((reason: unknown) => reason)
    release()
    if (!isGradlensError(error, 'MemoryError')) throw error
    expect(error.device).toBe(device)
    expect(error.byteLength).toBeGreaterThanOrEqual(bytesPerExample)
    expect(error.message).toContain('even for one example')
    const after = await explainer.explain(x, y)
    expect([...after.data.orderedIndices.data]).toEqual([...before.data.orderedIndices.data])
  })
})
