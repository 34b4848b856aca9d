import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, type GradlensError, IntegratedGradients, MemoryStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'

/** Float32 gradients and outputs of order 1. */
const tolerance = 1e-5

const random = seededRandom(23)
const x = Array.from({ length: 4 }, () => [...uniform(random, 3, [-1, 1])])

/** A trunk with two heads: a class of three, and a number. */
function twoHeads(): tf.LayersModel {
  const input = tf.input({ shape: [3] })
  const trunk = tf.layers.dense({ units: 4, activation: 'tanh', name: 'trunk' }).apply(input)
  const heads = [
    tf.layers.dense({ units: 3, activation: 'softmax', name: 'kind' }),
    tf.layers.dense({ units: 1, name: 'size' }),
  ]
  return disposedAfterTest(
    tf.model({
      inputs: input,
      outputs: heads.map((head) => head.apply(trunk) as tf.SymbolicTensor),
    }),
  )
}

/** Explanations of one output of a LayersModel that has several. */

describe.each(devices)('a chosen output of a LayersModel on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each([
    ['kind', 0, 2],
    ['size', 1, undefined],
  ])('is explained as the model of it alone: %s', async (name, index, target) => {
    const model = twoHeads()
    const alone = tf.model({ inputs: model.inputs, outputs: model.outputs[index]! })
    using reference = new IntegratedGradients(tfjsPredictor(alone), { device })
    const expected = await reference.explain(x, { target })
    for (const output of [name, index]) {
      const predictor = tfjsPredictor(model, { output })
      expect(predictor.output.shape).toEqual([index === 0 ? 3 : 1])
      using explainer = new IntegratedGradients(predictor, { device })
      const e = await explainer.explain(x, { target })
      expectNear(e.predictions.data, expected.predictions.data, tolerance)
      expectNear(e.attributions[0]!.data, expected.attributions[0]!.data, tolerance)
    }
  })

  it('has the loss gradients of the model of it alone, without those of the other head', async () => {
    const model = twoHeads()
    const alone = tf.model({ inputs: model.inputs, outputs: model.outputs[0]! })
    const scores = await Promise.all(
      [tfjsPredictor(alone), tfjsPredictor(model, { output: 'kind' })].map(async (predictor) => {
        using explainer = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
          device,
        })
        await explainer.fit(x, [0, 1, 2, 0])
        return (await explainer.explain(x, [0, 1, 2, 0])).data.scores.data
      }),
    )
    expectNear(scores[1]!, scores[0]!, tolerance)
  })

  it("has a store that can't be opened for another output", async () => {
    const model = twoHeads()
    const store = new MemoryStore()
    const options = { device, precomputeGrads: true, store } as const
    using explainer = new GradientSimilarity(
      tfjsPredictor(model, { output: 'kind' }),
      'meanSquaredError',
      options,
    )
    const labels = { data: new Float32Array(12), shape: [4, 3] }
    await explainer.fit(x, labels)
    const other = tfjsPredictor(model, { output: 'size' })
    await expectError(
      () => GradientSimilarity.open(store, other, 'meanSquaredError', { device }),
      'StoreError',
      "meanSquaredError of the output 'kind'",
    )
    const same = tfjsPredictor(model, { output: 'kind' })
    using opened = await GradientSimilarity.open(store, same, 'meanSquaredError', { device })
    expect((await opened.explain(x, labels)).scores.shape).toEqual([4, 4])
  })

  it('does not depend on the layers of another output', async () => {
    const predictor = tfjsPredictor(twoHeads(), { output: 'kind' })
    using explainer = new IntegratedGradients(predictor, { device, layer: 'size' })
    await expectError(
      () => explainer.explain(x, { target: 1 }),
      'UnsupportedError',
      "layer 'size'",
      'does not call it on the way',
    )
  })
})

describe('several outputs', () => {
  beforeAll(() => useDevice('cpu'))

  it.each<[object, GradlensError['name'], string[]]>([
    [{}, 'UnsupportedError', ["2 outputs ('kind', 'size')", "{ output: 'kind' }"]],
    [{ output: 'kinds' }, 'InvalidArgumentError', ["'kinds'", "'kind', 'size'"]],
    [{ output: 2 }, 'InvalidArgumentError', ['options.output: got 2']],
    [{ outputs: 'kind' }, 'InvalidArgumentError', ["'outputs'"]],
  ])('are refused with %o', async (options, name, parts) => {
    const model = twoHeads()
    await expectError(() => tfjsPredictor(model, options), name, ...parts)
  })
})
