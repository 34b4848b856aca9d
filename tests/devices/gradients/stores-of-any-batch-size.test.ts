import { GradientSimilarity, MemoryStore, openGradientStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { constantModel, constantModels } from '../../support/trials/constant-models.js'
import { testedOnce, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { randomTrial } from '../../support/trials/random-models.js'
import type { TrialModel } from '../../support/trials/trial-model.js'
import { warningsOf } from '../../support/trials/trial-run.js'

/** Float32 sums over batches of other sizes, relative to the largest entry of an example's gradient. */
const tolerance = 1e-6

const exampleCount = 9
const batchSizes = [1, 2, 4, 5]

/** The stored gradients of each example, by parameter. */
async function stored(
  { model, loss }: TrialModel,
  { x, y }: ReturnType<TrialModel['examples']>,
  batchSize: number,
  device: (typeof testedOnce)[number],
): Promise<Map<string, Float64Array>[]> {
  const store = new MemoryStore()
  // Frozen weights are named in a warning.
  await warningsOf(async () => {
    using explainer = new GradientSimilarity(tfjsPredictor(model), loss.loss, {
      device,
      batchSize,
      store,
      storeRowsPerChunk: 4,
      precomputeGrads: true,
    })
    await explainer.fit(x, y)
  })
  const reader = await openGradientStore(store)
  const { block } = await reader.readGradients(0, exampleCount)
  return Array.from({ length: exampleCount }, (_, k) => materializedGradients(block, k))
}

async function expectSameGradients(
  trial: TrialModel,
  device: (typeof testedOnce)[number],
  name: string,
): Promise<void> {
  const examples = trial.examples(exampleCount)
  const expected = await stored(trial, examples, exampleCount, device)
  for (const batchSize of batchSizes) {
    const gradients = await stored(trial, examples, batchSize, device)
    for (const [k, byParameter] of expected.entries()) {
      const all = [...byParameter.values()].flatMap((values) => [...values])
      const own = [...byParameter.keys()].flatMap((parameter) => [...gradients[k]!.get(parameter)!])
      const largest = Math.max(...all.map(Math.abs))
      const difference = Math.max(...all.map((value, at) => Math.abs(value - own[at]!)))
      expect(difference, `${name}, batches of ${batchSize}, example ${k}`).toBeLessThanOrEqual(
        tolerance * largest,
      )
    }
  }
}

/** Tests that the contents of a store don't depend on the batches. */

describe.each(testedOnce)('a store written on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('has the same gradients for every batch size: models with constants', async () => {
    for (const constants of constantModels.filter((_, k) => k % 8 === 0)) {
      const trial = constantModel(constants)
      await expectSameGradients(trial, device, constants.title)
      trial.dispose()
    }
  })

  it('has the same gradients for every batch size: random models', async () => {
    const named = Array.from({ length: 12 }, (_, k) => ({ seed: k + 1, ...randomTrial(k + 1) }))
    for (const { seed, trial, description } of named) {
      if (typeof trial.loss.loss === 'string') {
        await expectSameGradients(trial, device, `seed ${seed}: ${description}`)
      }
      trial.dispose()
    }
  })
})
