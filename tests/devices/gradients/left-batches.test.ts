import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { compareBatch, errorOf, warningsOf } from '../../support/trials/trial-run.js'
import { type TrialModel, trialModel, TrialParts } from '../../support/trials/trial-model.js'

/** Float32 rounding of a few sums, relative to the norm of an example's gradient. */
const tolerance = 1e-5

const width = 3

/** The examples are followed by a constant one, which is left out again at the end. */
function paddedModel(): TrialModel {
  const parts = new TrialParts(1)
  const [w, rest] = [parts.p(width, width), parts.c(1, width)]
  return trialModel(parts, { shape: [width] }, (x) => {
    const padded = tf.tanh(tf.concat([x, rest()], 0))
    return tf.slice(tf.matMul(padded, w), [0, 0], [x.shape[0], width])
  })
}

/** A weight in an op without a rule. */
function angleModel(): TrialModel {
  const parts = new TrialParts(2)
  const [w, angles] = [parts.p(width, width), parts.p(width)]
  return trialModel(parts, { shape: [width] }, (x) => tf.atan2(tf.matMul(x, w), angles))
}

const models = [
  {
    title: 'an op whose output has no batch axis',
    build: paddedModel,
    said: /: Concat: its output \[5, 3\] has length 5 on axis 0, which is not a multiple of the batch size, and BatchMatMul, which uses '[^']+', comes after it\. Write the model so/,
  },
  {
    title: 'an op without a rule',
    build: angleModel,
    said: /: Atan2, which uses '[^']+': no batched rule applies\. Write it with .* leave the parameter out with \{ parameters \}\.$/,
  },
]

/** Models whose gradients are computed one example at a time. */

describe.each(devices)('a model that leaves the batch on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(models)(
    'has exact gradients, and says once at which op and what to do: $title',
    async ({ build, said }) => {
      const trial = build()
      try {
        using session = await tfjsPredictor(trial.model).open(device, { allowSoftware: true })
        const warnings = await warningsOf(async () => {
          for (const size of [4, 4, 3]) {
            const comparisons = await compareBatch(session, trial, trial.examples(size))
            expect(errorOf(comparisons)).toBeLessThanOrEqual(tolerance)
          }
        })
        expect(warnings).toHaveLength(1)
        expect(warnings[0]).toMatch(said)
      } finally {
        trial.dispose()
      }
    },
  )
})
