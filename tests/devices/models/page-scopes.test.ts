import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'

const x = [
  [0.5, -1, 2],
  [1, 0.25, -0.5],
  [-2, 1, 0],
]

function smallModel(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, activation: 'tanh', inputShape: [3] }),
      tf.layers.dense({ units: 2 }),
    ],
  })
  onTestFinished(() => {
    model.dispose()
  })
  return model
}

describe.each(devices)('scopes of the page while %s computes', (device) => {
  // The weights stay on the page's backend: on the others they are copied.
  beforeAll(() => useDevice('cpu'))

  it('end without disposing what explainers keep, whatever is called within them', async () => {
    const predictor = tfjsPredictor(smallModel())
    using path = new IntegratedGradients(predictor, { device, nSteps: 4 })
    using similarity = new GradientSimilarity(
      predictor,
      'sparseCategoricalCrossentropyFromLogits',
      { device, precomputeGrads: true },
    )
    const attributions = async (): Promise<unknown> =>
      (await path.explain(x, { target: 1 })).toJSON()
    const scores = async (): Promise<unknown> => (await similarity.explain(x)).toJSON()
    tf.engine().startScope()
    await similarity.fit(x, [0, 1, 1])
    const within = [await attributions(), await scores()]
    tf.engine().endScope()
    expect([await attributions(), await scores()]).toEqual(within)
  })

  it('can end while a call is running', async () => {
    const predictor = tfjsPredictor(smallModel())
    using path = new IntegratedGradients(predictor, { device, nSteps: 4 })
    tf.engine().startScope()
    const running = path.explain(x, { target: 1 })
    tf.engine().endScope()
    const first = (await running).toJSON()
    expect((await path.explain(x, { target: 1 })).toJSON()).toEqual(first)
  })
})
