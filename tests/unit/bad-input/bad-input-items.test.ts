import * as tf from '@tensorflow/tfjs'
import { Gradient, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { textModel, texted } from '../../support/models/raw-item-models.js'
import { expectError, expectRefusal } from '../../support/refusals.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

const target = [0, 1, 2, 0, 1]

describe('raw items', () => {
  beforeAll(() => useDevice('cpu'))

  const form = 'a tf.Tensor, or a list of one per model input, but not a promise'
  it.each<[string, (items: unknown[]) => unknown, string, string]>([
    ['a promise', () => Promise.resolve(tf.tensor2d([[1, 2, 3]])), 'a promise', form],
    ['numbers', () => [[1, 2, 3]], 'an array of length 3', form],
    ['nothing', () => undefined, 'undefined', form],
    ['texts', () => tf.tensor2d([['a', 'b', 'c']]), 'a tensor of dtype string', 'numbers'],
    ['two tensors', () => [tf.zeros([2, 3]), tf.zeros([2, 3])], '2 tensors', '1, one per model'],
    ['one example for two', () => tf.zeros([1, 3]), 'shape [1, 3] for 2 items', '2 along'],
    ['no batch', () => tf.scalar(1), 'shape [] for 2 items', '2 along'],
    ['another length', () => tf.zeros([2, 4]), 'shape [2, 4]', 'shape [examples, 3] for model'],
  ])('cannot become %s', async (_, preprocess, got, expected) => {
    const model = sequentialOf(randomLayers([3, 2], 'softmax'))
    const predictor = tfjsPredictor(model, { preprocess: preprocess as () => tf.Tensor })
    using explainer = new Gradient(predictor, { device: 'cpu' })
    const explain = (): unknown => explainer.explain(['a', 'b'], { target: 0 })
    await expectError(explain, 'InvalidArgumentError', 'preprocess', `got ${got}`, expected)
  })

  it("can't become NaN, a disposed tensor, or sequences whose length varies by batch", async () => {
    const call = (x: tf.Tensor): tf.Tensor => x.sum(1, true)
    const inputs = [{ shape: [null] }]
    const results: Record<string, () => tf.Tensor> = {
      nan: () => tf.tensor2d([[1, NaN, 3]]),
      gone: () => {
        const made = tf.zeros([1, 3])
        made.dispose()
        return made
      },
      long: () => tf.zeros([1, 3]),
      short: () => tf.zeros([1, 2]),
      whole: () => tf.zeros([1, 3], 'int32'),
    }
    const predictor = tfjsPredictor(
      { call, variables: [], inputs, outputShape: [1] },
      { preprocess: ([name]: string[]) => results[name!]!() },
    )
    using explainer = new Gradient(predictor, { device: 'cpu', internalBatchSize: 1 })
    const refused = (
      items: readonly string[],
      error: 'InvalidArgumentError' | 'NonFiniteError',
      ...parts: string[]
    ): unknown => expectError(() => explainer.explain(items), error, ...parts)
    await refused(['long', 'nan'], 'NonFiniteError', 'preprocess(x): NaN at [1, 1]')
    await refused(['gone'], 'InvalidArgumentError', 'preprocess: got a disposed tensor')
    await refused(
      ['long', 'short'],
      'InvalidArgumentError',
      'preprocess(x): got shape [1, 2] of Float32Array for one batch',
      'pad or cut to a fixed length',
    )
    await refused(['long', 'whole'], 'InvalidArgumentError', 'shape [1, 3] of Int32Array')
    expect((await explainer.explain(['long', 'long'])).attributions[0]!.shape).toEqual([2, 3])
  })

  it.each<[unknown, string]>([
    ['a fine film', "'a fine film'"],
    [[], 'an empty list'],
    [Int32Array.of(1), 'an Int32Array of length 1'],
    [{ text: 'a' }, 'an object (Object)'],
  ])('must be a list, not %j', async (x, got) => {
    const { raw } = texted()
    using explainer = new Gradient(raw, { device: 'cpu', layer: 'words' })
    await expectRefusal(() => explainer.explain(x as string[], { target }), {
      argument: 'x',
      got,
      expected:
        'a list of raw items, as preprocess takes them; or { data, shape } or a tensor, as it returns them',
    })
  })

  it("are refused without preprocess, and if preprocess isn't a function", async () => {
    const { plain, x } = texted()
    using explainer = new IntegratedGradients(plain, { device: 'cpu', layer: 'words' })
    const given = ['a fine film'] as unknown as number[]
    await expectError(() => explainer.explain(given), 'InvalidArgumentError', "'a fine film'")
    const baselines = { items: ['' as never] }
    await expectRefusal(() => explainer.explain(x, { target, baselines }), {
      argument: 'baselines.items',
      got: 'raw items for a predictor without preprocess',
      expected: 'a number or arrays; or create the predictor with preprocess',
    })
    const preprocess = 'tokenise' as unknown as () => tf.Tensor
    await expectRefusal(() => tfjsPredictor(textModel(), { preprocess }), {
      argument: 'options.preprocess',
      got: "'tokenise'",
      expected: 'a function from a list of raw items to tensors',
    })
  })
})
