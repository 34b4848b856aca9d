import type * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { chooseLayout, countNumbers } from '../../../src/gradients/compact-layout.js'
import { testedOnce, useDevice } from '../../support/devices/devices.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { modelPatterns, patternTrial } from '../../support/trials/pattern-models.js'
import { compareBatch, errorOf, warningsOf } from '../../support/trials/trial-run.js'

/** Float32 rounding of a few sums, relative to the norm of an example's gradient. */
const tolerance = 2e-5

/** The software adapter of webgpu compiles each shader in tens of milliseconds. */
const seedCount = { cpu: 6, wasm: 6, webgpu: 1 }

/** Patterns of exported models that are easily taken for something else than batches. */

describe.each(testedOnce)('a batched pass on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(modelPatterns)('has the gradients of single examples: $title', async (pattern) => {
    for (let seed = 1; seed <= seedCount[device]; seed++) {
      const { trial, batchSizes, weightName } = patternTrial(pattern, seed)
      try {
        let passCount = 0
        const call = (x: tf.Tensor): tf.Tensor => {
          passCount++
          return trial.model.call(x)
        }
        using session = await tfjsPredictor({ ...trial.model, call }).open(device, {
          allowSoftware: true,
        })
        for (const batchSize of batchSizes) {
          const examples = trial.examples(batchSize)
          const warnings = await warningsOf(async () => {
            const comparisons = await compareBatch(session, trial, examples)
            expect(errorOf(comparisons), `seed ${seed}`).toBeLessThanOrEqual(tolerance)
          })
          expect(warnings, `seed ${seed}`).toEqual([])
          const { x, y } = examples
          passCount = 0
          const block = await hostGradients(session, [x], y, trial.loss.loss)
          expect(passCount, `seed ${seed}`).toBe(1)
          const own = block.segments.filter(({ parameter }) => parameter === weightName)
          expect(own.length, `seed ${seed}`).toBeGreaterThan(0)
          for (const { kind } of own) expect(pattern.layouts, `seed ${seed}`).toContain(kind)
          for (const { name, size } of trial.model.variables) {
            const segments = block.segments.filter(({ parameter }) => parameter === name)
            const counts = segments.map((segment) => countNumbers(chooseLayout(segment)))
            const total = counts.reduce((sum, count) => sum + count, 0)
            expect(total, `seed ${seed}`).toBeLessThanOrEqual(size)
          }
        }
      } finally {
        trial.dispose()
      }
    }
  })
})
