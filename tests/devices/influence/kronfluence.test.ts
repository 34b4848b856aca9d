/** Against kronfluence 1.0.1, really run: tests/peers/influence. */
import * as tf from '@tensorflow/tfjs'
import { InfluenceFunctions } from 'gradlens/influence'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import fixture from '../../fixtures/kronfluence.json' with { type: 'json' }
import { devices, useDevice } from '../../support/devices/devices.js'

/** Float32 gradients here, float64 there. */
const tolerance = 1e-4

const rankCorrelation = 0.999

function createModel(): tf.Sequential {
  const { net } = fixture
  const model = tf.sequential()
  model.add(
    tf.layers.conv2d({ inputShape: [4, 4, 2], filters: 3, kernelSize: 2, activation: 'tanh' }),
  )
  model.add(tf.layers.flatten())
  model.add(tf.layers.dense({ units: 5, activation: 'tanh' }))
  model.add(tf.layers.dense({ units: 3 }))
  tf.tidy(() => {
    model.setWeights([
      tf.tensor(net.filter, [2, 2, 2, 3]),
      tf.tensor(net.filterBias),
      tf.tensor(net.kernel, [27, 5]),
      tf.tensor(net.bias),
      tf.tensor(net.lastKernel, [5, 3]),
      tf.tensor(net.lastBias),
    ])
  })
  return model
}

const images = (data: readonly number[]): { data: Float32Array; shape: number[] } => ({
  data: Float32Array.from(data),
  shape: [data.length / 32, 4, 4, 2],
})

/** Spearman's, without ties. */
function correlateRanks(a: readonly number[], b: readonly number[]): number {
  const ranksOf = (values: readonly number[]): number[] => {
    const ranks: number[] = []
    const order = values.map((_, k) => k).sort((i, j) => values[i]! - values[j]!)
    for (const [rank, k] of order.entries()) ranks[k] = rank
    return ranks
  }
  const [x, y] = [ranksOf(a), ranksOf(b)]
  const squares = x.reduce((sum, rank, k) => sum + (rank - y[k]!) ** 2, 0)
  return 1 - (6 * squares) / (a.length * (a.length ** 2 - 1))
}

describe.each(devices)('on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each([
    ['ekfac', 'true'],
    ['ekfac', 'empirical'],
    ['kfac', 'true'],
    ['kfac', 'empirical'],
    ['diagonal', 'true'],
    ['diagonal', 'empirical'],
  ] as const)(
    'has the scores of kronfluence for %s with the %s Fisher',
    async (curvature, fisher) => {
      const model = createModel()
      try {
        const loss = 'sparseCategoricalCrossentropyFromLogits'
        const options = { device, curvature, fisher }
        using explainer = new InfluenceFunctions(tfjsPredictor(model), loss, options)
        await explainer.fit(images(fixture.train), fixture.trainLabels)
        const { data } = await explainer.explain(images(fixture.test), fixture.testLabels)
        const expected = fixture.scores[curvature][fisher]
        const largest = Math.max(...expected.flat().map(Math.abs))
        for (const [test, theirs] of expected.entries()) {
          const count = theirs.length
          const own = Array.from({ length: count }, () => 0)
          for (let k = test * count; k < (test + 1) * count; k++) {
            own[data.orderedIndices.data[k]!] = data.scores.data[k]!
          }
          const error = Math.max(...own.map((score, k) => Math.abs(score - theirs[k]!)))
          expect(error / largest).toBeLessThan(tolerance)
          expect(correlateRanks(own, theirs)).toBeGreaterThanOrEqual(rankCorrelation)
        }
      } finally {
        model.dispose()
      }
    },
  )
})
