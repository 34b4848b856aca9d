import { GradientSimilarity, type GradientSimilarityOptions, MemoryStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { testedOnce, useDevice } from '../../support/devices/devices.js'
import { randomTrial } from '../../support/trials/random-models.js'
import { warningsOf } from '../../support/trials/trial-run.js'

const exampleCount = 13

/** The bytes of everything that a store contains. */
async function countBytes(store: MemoryStore): Promise<number> {
  const files = await Promise.all(store.keys().map((key) => store.get(key)))
  return files.reduce((sum, file) => sum + file!.byteLength, 0)
}

const choices: GradientSimilarityOptions[] = [
  {},
  { storeDtype: 'float16' },
  { storeRowsPerChunk: 4 },
  { storeExamples: false, storeDtype: 'float16', projection: { size: 40, seed: 3 } },
]

describe.each(testedOnce)('the estimate of random models on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  const seeds = Array.from({ length: device === 'webgpu' ? 4 : 20 }, (_, k) => k + 1)

  it.each(seeds)(
    'has the bytes that fit uses in memory and in a store, for seed %i',
    async (seed) => {
      const { trial, description } = randomTrial(seed)
      const { x, y } = trial.examples(exampleCount)
      const options = {
        device,
        precomputeGrads: true,
        batchSize: 3,
        ...choices[seed % choices.length],
      }
      await warningsOf(async () => {
        using explainer = new GradientSimilarity(
          tfjsPredictor(trial.model),
          trial.loss.loss,
          options,
        )
        const estimate = await explainer.estimate(x, y)
        await explainer.fit(x, y)
        expect(estimate.memoryBytes, description).toBe(explainer.gradientBytes)
        const store = new MemoryStore()
        using storing = new GradientSimilarity(tfjsPredictor(trial.model), trial.loss.loss, {
          ...options,
          store,
        })
        await storing.fit(x, y)
        expect(estimate.storedBytes, description).toBe(await countBytes(store))
        expect(estimate.exampleCount).toBe(exampleCount)
        const shares = estimate.parameters.map(({ share }) => share)
        expect(shares).toEqual(shares.toSorted((a, b) => b - a))
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
      })
      trial.dispose()
    },
  )

  it.each(seeds.slice(0, 4))('has the bytes of the other options, for seed %i', async (seed) => {
    const { trial, description } = randomTrial(seed)
    const { x, y } = trial.examples(exampleCount)
    const size = 30
    await warningsOf(async () => {
      const predictor = tfjsPredictor(trial.model)
      const { loss } = trial.loss
      using explainer = new GradientSimilarity(predictor, loss, { device })
      const estimate = await explainer.estimate(x, y, { projectionSize: size })
      const changes: [GradientSimilarityOptions, number | undefined][] = [
        [{ storeDtype: 'float16' }, estimate.float16.storedBytes],
        [{ projection: { size } }, estimate.projection?.storedBytes],
      ]
      for (const [change, expected] of changes) {
        if (expected === undefined) continue
        const store = new MemoryStore()
        const options = { device, precomputeGrads: true, store, ...change }
        using storing = new GradientSimilarity(predictor, loss, options)
        await storing.fit(x, y)
        expect(expected, description).toBe(await countBytes(store))
      }
      const kept = estimate.parameters.slice(1).map(({ name }) => name)
      if (kept.length === 0) return
      const rest = {
        device,
        precomputeGrads: true,
        parameters: (name: string) => kept.includes(name),
      }
      using filtered = new GradientSimilarity(predictor, loss, rest)
      await filtered.fit(x, y)
      const saved = estimate.parameters[0]!.memoryBytes
      expect(filtered.gradientBytes, description).toBe(estimate.memoryBytes - saved)
    })
    trial.dispose()
  })
})
