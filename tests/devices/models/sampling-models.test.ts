import * as tf from '@tensorflow/tfjs'
import { Gradient, GradientSimilarity, IntegratedGradients } from 'gradlens'
import { type FunctionModel, tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, it, onTestFinished } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { loadGraph, node, placeholder } from '../../support/models/graph-models.js'
import { expectError } from '../../support/refusals.js'

/** Enough units for two draws of dropout to differ: they are equal once in 2³² times. */
const width = 32

function matrix(): tf.Variable {
  const variable = tf.tidy(() => tf.variable(tf.randomNormal([width, 2], 0, 1, 'float32', 5)))
  onTestFinished(() => {
    variable.dispose()
  })
  return variable
}

const functions: Readonly<Record<string, (w: tf.Variable) => FunctionModel['call']>> = {
  'a variational autoencoder': (w) => (x) => {
    const mean = tf.matMul(x, w)
    return mean.add(tf.randomNormal(mean.shape).mul(0.1))
  },
  'dropout at inference': (w) => (x) => tf.matMul(tf.dropout(x, 0.5), w),
}

const reason = 'gives two outputs for the same example'

beforeAll(() => useDevice('cpu'))

describe.each(devices)('a model that samples on %s', (device) => {
  it.each(Object.entries(functions))(
    'is refused for that reason, for one example and for several: %s',
    async (_, callOf) => {
      const w = matrix()
      const predictor = tfjsPredictor({
        call: callOf(w),
        variables: [w],
        inputs: [{ shape: [width] }],
      })
      const batch = Array.from({ length: 8 }, (__, i) =>
        Array.from({ length: width }, (___, k) => i + k + 1),
      )
      for (const x of [batch.slice(0, 1), batch]) {
        using path = new IntegratedGradients(predictor, { device, nSteps: 3 })
        using gradient = new Gradient(predictor, { device })
        using similarity = new GradientSimilarity(predictor, 'meanSquaredError', {
          device,
          precomputeGrads: true,
        })
        const y = x.map(() => [0, 1])
        const options = { target: 0 }
        await expectError(() => path.explain(x, options), 'UnsupportedError', reason)
        await expectError(() => gradient.explain(x, options), 'UnsupportedError', reason)
        await expectError(() => similarity.fit(x, y), 'UnsupportedError', reason)
      }
    },
  )

  it('is refused for that reason as a GraphModel', async () => {
    const model = await loadGraph({
      nodes: [
        placeholder('x', [-1, 2]),
        node('noise', 'RandomStandardNormal', ['shape'], { dtype: { type: 'DT_FLOAT' } }),
        node('scaled', 'Mul', ['x', 'w']),
        node('sampled', 'AddV2', ['scaled', 'noise']),
      ],
      weights: { w: [2] },
      integers: { shape: [1, 2] },
      outputs: [{ name: 'sampled', shape: [-1, 2] }],
    })
    using gradient = new Gradient(tfjsPredictor(model), { device })
    await expectError(() => gradient.explain([[1, 2]], { target: 0 }), 'UnsupportedError', reason)
  })
})
