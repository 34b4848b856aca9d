import * as tf from '@tensorflow/tfjs'
import type { Predictor } from 'gradlens'
import { TracIn } from 'gradlens/influence'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { computeSpearman } from '../../../src/evaluation/correlation.js'
import golden from '../../fixtures/tracin.json' with { type: 'json' }
import { devices, useDevice } from '../../support/devices/devices.js'
import { inTrainingOrder } from '../../support/influence/influence-reference.js'
import { disposedAfterTest, setWeights } from '../../support/models/models.js'
import { expectNear } from '../../support/references/differences.js'

/** Both sides are float32: relative to the largest score of a question. */
const tolerance = 1e-5

function createNet(weights: readonly unknown[]): Predictor {
  const net = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'tanh', inputShape: [5, 5, 2] }),
        tf.layers.globalAveragePooling2d({}),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  )
  setWeights(net, weights as number[][])
  return tfjsPredictor(net) as Predictor
}

/** The fixture is by captum's TracInCP, run by tests/peers/make_tracin.py. */
describe.each(devices)("TracIn agrees with captum's TracInCP on %s", (device) => {
  beforeAll(() => useDevice('cpu'))

  it('in influence and self-influence over two checkpoints', async () => {
    const checkpoints = golden.checkpoints.map(({ weights, learning_rate: learningRate }) => ({
      predictor: createNet(weights),
      learningRate,
    }))
    using explainer = new TracIn(checkpoints, 'sparseCategoricalCrossentropy', { device })
    await explainer.fit(golden.x_train, golden.y_train)
    const explanation = await explainer.explain(golden.x_test, golden.y_test)
    for (const [i, scores] of inTrainingOrder(explanation).entries()) {
      const expected = golden.influence[i]!
      const largest = Math.max(...expected.map(Math.abs))
      expectNear(scores, expected, tolerance * largest)
      const correlation = computeSpearman(Float64Array.from(scores), Float64Array.from(expected))
      expect(correlation).toBeGreaterThanOrEqual(0.999)
    }
    const self = await explainer.selfInfluence()
    const largest = Math.max(...golden.self_influence)
    expectNear(self.scores.data, golden.self_influence, tolerance * largest)
  })
})
