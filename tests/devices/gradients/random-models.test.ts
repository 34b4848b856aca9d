import { beforeAll, describe, expect, it } from 'vitest'
import { testedOnce, useDevice } from '../../support/devices/devices.js'
import { randomTrial } from '../../support/trials/random-models.js'
import { runTrial } from '../../support/trials/trial-run.js'

/** Float32 rounding in models of up to ten layers, relative to the norm of an example's gradient. */
const tolerance = 2e-5

/** The software adapter of webgpu compiles each shader in tens of milliseconds. */
const modelCount = { cpu: 300, wasm: 100, webgpu: 40 }
const perTest = 20

/** Compares random models in batches with single examples. `scripts/checks/by-hand/random-models.ts` runs more of them. */

describe.each(testedOnce)('the gradients of random models on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  const firstSeeds = Array.from({ length: modelCount[device] / perTest }, (_, k) => 1 + k * perTest)

  it.each(firstSeeds)(
    'are those of single examples in every batch, without leaving it, from seed %i on',
    async (first) => {
      for (let seed = first; seed < first + perTest; seed++) {
        const { trial, batchSizes, description } = randomTrial(seed)
        try {
          const { error, warnings } = await runTrial(trial, batchSizes, device)
          expect(warnings, `seed ${seed}: ${description}`).toEqual([])
          expect(error, `seed ${seed}: ${description}`).toBeLessThanOrEqual(tolerance)
        } finally {
          trial.dispose()
        }
      }
    },
  )
})
