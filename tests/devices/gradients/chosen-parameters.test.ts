import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, type GradientSimilarityOptions, MemoryStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'

/** Float32 sums of a few products of order 1. */
const tolerance = 1e-5

const loss = 'sparseCategoricalCrossentropy'
const labels = [0, 1, 2, 1]
const examples = { data: uniform(seededRandom(9), 16, [-1, 1]), shape: [4, 4] }

const build = (): tf.Sequential =>
  disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 3, activation: 'tanh', inputShape: [4], name: 'body' }),
        tf.layers.dense({ units: 3, activation: 'softmax', name: 'head' }),
      ],
    }),
  )

/** Σ over the chosen weights of g(i) · g(j), each gradient from one example at a time by tfjs's own tape. */
function expectedScores(model: tf.LayersModel, isChosen: (name: string) => boolean): number[][] {
  return tf.tidy(() => {
    const variables = model.trainableWeights
      .filter(({ originalName }) => isChosen(originalName))
      .map((weight) => weight.read() as tf.Variable)
    const rows = labels.map((label, i) => {
      const x = tf.tensor2d(examples.data.slice(4 * i, 4 * i + 4), [1, 4])
      const { grads } = tf.variableGrads(
        () => (model.apply(x) as tf.Tensor).slice([0, label], [1, 1]).log().neg().asScalar(),
        variables,
      )
      return variables.flatMap(({ name }) => [...grads[name]!.dataSync()])
    })
    return rows.map((a) => rows.map((b) => a.reduce((sum, value, k) => sum + value * b[k]!, 0)))
  })
}

describe.each(devices)('chosen parameters on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(['head/', 'body/', '/kernel', 'head/bias'])('only %s are compared', async (part) => {
    const model = build()
    const parameters = (name: string): boolean => name.includes(part)
    const expected = expectedScores(model, parameters)
    for (const precomputeGrads of [false, true]) {
      using explainer = new GradientSimilarity(tfjsPredictor(model), loss, {
        device,
        parameters,
        precomputeGrads,
      })
      await explainer.fit(examples, labels)
      const { scores, orderedIndices, meta } = await explainer.explain(examples, labels)
      for (const [i, row] of expected.entries()) {
        const found = row.map((_, rank) => row[orderedIndices.data[4 * i + rank]!]!)
        expectNear(scores.data.slice(4 * i, 4 * i + 4), found, tolerance)
      }
      expect(meta.params['parameters']).toSatisfy((names: string[]) => names.every(parameters))
    }
  })
})

describe('a filter of parameters', () => {
  beforeAll(() => useDevice('cpu'))
  const make = (options: GradientSimilarityOptions): GradientSimilarity<tf.Tensor> =>
    new GradientSimilarity(tfjsPredictor(build()), loss, { device: 'cpu', ...options })

  it.each<[unknown, string, string]>([
    [() => false, 'a filter that chooses none of the 4 trainable parameters', "'body/kernel'"],
    ['head', "got 'head'", 'a function'],
    [() => 1, "1 returned for 'body/kernel'", 'true or false'],
    [
      () => Promise.resolve(true),
      "an object (Promise) returned for 'body/kernel'",
      'true or false',
    ],
  ])('is refused if it is %o', async (parameters, ...parts) => {
    await expectError(
      () => make({ parameters: parameters as never }),
      'InvalidArgumentError',
      'parameters',
      ...parts,
    )
  })

  it('makes a store usable only with the chosen names', async () => {
    const store = new MemoryStore()
    const model = build()
    const predictor = tfjsPredictor(model)
    const head = (name: string): boolean => name.startsWith('head')
    using writer = new GradientSimilarity(predictor, loss, {
      device: 'cpu',
      parameters: head,
      precomputeGrads: true,
      store,
    })
    await writer.fit(examples, labels)
    const expected = await writer.explain(examples, labels)
    const open = (parameters?: (name: string) => boolean): Promise<GradientSimilarity<tf.Tensor>> =>
      GradientSimilarity.open(store, predictor, loss, { device: 'cpu', parameters })
    using reader = await open((name) => name.includes('head'))
    expect((await reader.explain(examples, labels)).scores).toEqual(expected.scores)
    await expectError(() => open(), 'StoreError', "lacks the trainable parameter 'body/kernel'")
    await expectError(() => open((name) => name === 'head/bias'), 'StoreError', "'head/kernel'")
  })
})
