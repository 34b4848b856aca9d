import * as tf from '@tensorflow/tfjs'
import { MemoryStore, type Predictor } from 'gradlens'
import { InfluenceFunctions, type InfluenceOptions } from 'gradlens/influence'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

const loss = 'sparseCategoricalCrossentropy'

beforeAll(() => useDevice('cpu'))

describe('options of a curvature', () => {
  it.each([
    [{ damping: 0 }, 'damping: got 0; expected a finite number above 0'],
    [{ damping: -1 }, 'damping: got -1; expected a finite number above 0'],
    [{ damping: NaN }, 'damping: got NaN; expected a finite number above 0'],
    [{ curvature: 'hessian' }, "curvature: got 'hessian'; expected one of 'ekfac', 'kfac'"],
    [{ fisher: 'none' }, "fisher: got 'none'; expected one of 'true', 'empirical'"],
    [{ seed: -1 }, 'seed: got -1; expected an integer from 0'],
    [{ uncovered: 'skip' }, "uncovered: got 'skip'; expected one of 'refuse'"],
    [{ curvatureExamples: 1.5 }, 'curvatureExamples: got 1.5; expected an integer of 1 or more'],
    [{ inputRank: 0 }, 'inputRank: got 0; expected an integer of 1 or more'],
    [{ maxCurvatureBytes: 0 }, 'maxCurvatureBytes: got 0; expected an integer of 1 or more'],
    [{ simFn: 'grad_cos' }, "options: got 'simFn'"],
  ])('are refused by name: %o', (options, message) => {
    expect(
      () =>
        new InfluenceFunctions(
          classifier() as Predictor,
          loss,
          options as unknown as InfluenceOptions,
        ),
    ).toThrow(message)
  })

  it('accept any damping above 0', async () => {
    const scores = async (damping: number): Promise<number> => {
      const options = { device: 'cpu', curvature: 'diagonal', damping } as const
      using explainer = new InfluenceFunctions(classifier() as Predictor, loss, options)
      await explainer.fit(trainX, trainClasses)
      return (await explainer.explain(testX)).data.scores.data[0]!
    }
    // With much damping, H + λ is λ.
    expect((await scores(1e6)) / (await scores(2e6))).toBeCloseTo(2, 4)
  })
})

describe('a curvature', () => {
  it('of a loss without a distribution is refused, with the empirical Fisher as the way out', async () => {
    const predictor = classifier() as Predictor
    using explainer = new InfluenceFunctions(predictor, 'categoricalHinge', { device: 'cpu' })
    const oneHot = trainClasses.map((k) => [0, 1, 2].map((other) => (k === other ? 1 : 0)))
    await expect(explainer.fit(trainX, oneHot)).rejects.toThrow(
      "'categoricalHinge' has none. Set fisher: 'empirical'",
    )
  })

  it('whose factors are too large is refused with their size and what to choose', async () => {
    const options = { device: 'cpu', maxCurvatureBytes: 300 } as const
    using explainer = new InfluenceFunctions(tfjsClassifier(), loss, options)
    await expect(explainer.fit(trainX, trainClasses)).rejects.toThrow(
      /^maxCurvatureBytes: got 300 bytes; expected \d+ bytes or more for curvature 'ekfac', of which '.*kernel' and '.*bias' take \d+ bytes; curvature: 'diagonal'/,
    )
    await expect(explainer.explain(testX)).rejects.toThrow('call fit')
  })

  it('is refused after the weights have changed', async () => {
    const model = disposedAfterTest(
      tf.sequential({
        layers: [tf.layers.dense({ units: 3, activation: 'softmax', inputShape: [3] })],
      }),
    )
    using explainer = new InfluenceFunctions(tfjsPredictor(model), loss, { device: 'cpu' })
    await explainer.fit(trainX, trainClasses)
    await explainer.explain(testX)
    tf.tidy(() => {
      model.setWeights(model.getWeights().map((weight) => tf.add(weight, 0.1)))
    })
    await expect(explainer.explain(testX)).rejects.toThrow(
      "the model's weights, or which of them are trainable, have changed since its curvature was estimated",
    )
  })

  it('of some examples, evenly spread, is that of these examples alone', async () => {
    const own = { device: 'cpu', fisher: 'empirical' } as const
    const predictor = tfjsClassifier()
    using some = new InfluenceFunctions(predictor, loss, { ...own, curvatureExamples: 3 })
    using expected = new InfluenceFunctions(predictor, loss, own)
    await some.fit(trainX, trainClasses)
    await expected.fit(trainX, trainClasses)
    await expected.fitCurvature(
      [0, 2, 4].map((k) => trainX[k]!),
      [0, 2, 4].map((k) => trainClasses[k]!),
    )
    const explanation = await some.explain(testX)
    expect(explanation.data).toEqual((await expected.explain(testX)).data)
    expect(explanation.meta.params).toMatchObject({ curvatureExamples: 3 })
  })

  it('that rejects keeps the earlier fit', async () => {
    using explainer = new InfluenceFunctions(tfjsClassifier(), loss, { device: 'cpu' })
    await explainer.fit(trainX, trainClasses)
    const before = (await explainer.explain(testX)).data
    await expect(
      explainer.fit(trainX, trainClasses, { signal: AbortSignal.abort(new Error('stopped')) }),
    ).rejects.toThrow('stopped')
    expect((await explainer.explain(testX)).data).toEqual(before)
  })
})

describe('a parameter that no rule covers', () => {
  /** A separable convolution: the gradient of its depthwise kernel has no factors, and 600 numbers. */
  function createPredictor(): Predictor {
    const filters = { depthMultiplier: 3, kernelSize: 10, inputShape: [10, 10, 2] } as const
    const model = disposedAfterTest(
      tf.sequential({
        layers: [
          tf.layers.depthwiseConv2d({
            ...filters,
            inputShape: [...filters.inputShape],
            useBias: false,
          }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 3, activation: 'softmax' }),
        ],
      }),
    )
    return tfjsPredictor(model) as Predictor
  }
  const x = {
    data: Float32Array.from({ length: 1200 }, (_, k) => Math.sin(k)),
    shape: [6, 10, 10, 2],
  }

  async function fit(options: InfluenceOptions): Promise<Readonly<Record<string, unknown>>> {
    using explainer = new InfluenceFunctions(createPredictor(), loss, { device: 'cpu', ...options })
    await explainer.fit(x, trainClasses)
    return (await explainer.explain(x)).meta.params
  }

  it('is named, with what to choose', async () => {
    await expect(fit({})).rejects.toThrow(
      /does not cover the parameter '.*depthwise_kernel': its gradient has no factors and 600 numbers.*uncovered: 'diagonal'/,
    )
  })

  it.each(['diagonal', 'identity'] as const)(
    'is reported as %s if that was chosen',
    async (uncovered) => {
      const params = await fit({ uncovered })
      expect(params[`${uncovered}Parameters`]).toEqual([
        expect.stringContaining('depthwise_kernel'),
      ])
    },
  )

  it('has a diagonal like the others, if that is the curvature', async () => {
    const params = await fit({ curvature: 'diagonal' })
    expect(params).not.toHaveProperty('diagonalParameters')
  })
})

describe('an estimate', () => {
  it('has the bytes of the factors of a fit', async () => {
    const store = new MemoryStore()
    const options = { device: 'cpu', precomputeGrads: true, store } as const
    using explainer = new InfluenceFunctions(tfjsClassifier(), loss, options)
    const { curvature } = await explainer.estimate(trainX, trainClasses)
    // Kernels [3, 4] and [4, 3] with biases: A has 4 and 5 rows, S 4 and 3.
    expect(curvature!.byteLength).toBe(4 * (16 + 16 + 16 + 25 + 9 + 15))
    expect(curvature!.questionBytes).toBe(4 * (16 + 15))
    expect(curvature!.blocks.map(({ rule, rows, columns }) => [rule, rows, columns])).toEqual([
      ['kronecker', 5, 3],
      ['kronecker', 4, 4],
    ])
    expect(curvature!.seconds).toBeGreaterThan(0)
    using identity = new InfluenceFunctions(tfjsClassifier(), loss, { curvature: 'identity' })
    expect((await identity.estimate(trainX, trainClasses)).curvature).toBeNull()
  })
})
