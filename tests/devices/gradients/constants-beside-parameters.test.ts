import { beforeAll, describe, expect, it } from 'vitest'
import { constantModel, constantModels } from '../../support/trials/constant-models.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { runTrial } from '../../support/trials/trial-run.js'

/** Float32 rounding of a few sums, relative to the norm of an example's gradient. */
const tolerance = 1e-5

/** Models in which constants and frozen weights as long as a batch meet trained weights. */

describe.each(devices)('constants that meet parameters on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(constantModels)(
    'are never mistaken for the batch, whatever its size: $title',
    async (constants) => {
      const trial = constantModel(constants)
      try {
        const { error, warnings } = await runTrial(trial, [5, 4, 1], device)
        expect(warnings).toEqual([])
        expect(error).toBeLessThanOrEqual(tolerance)
      } finally {
        trial.dispose()
      }
    },
  )
})
