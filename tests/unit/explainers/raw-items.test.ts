import * as tf from '@tensorflow/tfjs'
import {
  Explanation,
  Gradient,
  GradientSimilarity,
  IntegratedGradients,
  MemoryStore,
  type NdArray,
} from 'gradlens'
import { AttributionEvaluator } from 'gradlens/evaluation'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { seededRandom, uniform } from '../../support/random.js'
import {
  encode,
  flats,
  functional,
  idsOf,
  textModel,
  texted,
  texts,
} from '../../support/models/raw-item-models.js'
import { rawItemsSuite } from '../../support/suites/raw-items-suite.js'
import { expectError, expectRefusal } from '../../support/refusals.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

rawItemsSuite()

/** The same numbers in passes of other sizes, of order 1, in float32. */
const tolerance = 1e-5

const target = [0, 1, 2, 0, 1]
const classes = [0, 2, 1, 1, 0]
const loss = 'sparseCategoricalCrossentropy'

describe('raw items', () => {
  beforeAll(() => useDevice('cpu'))

  it('are returned as the given objects, and written to JSON as far as possible', async () => {
    const circular: Record<string, unknown> = {}
    circular['itself'] = circular
    const uploaded: readonly (readonly [unknown, unknown])[] = [
      ['a text', 'a text'],
      [
        [1, 2],
        [1, 2],
      ],
      [{ deep: [NaN, undefined, () => 1] }, { deep: ['NaN', null, 'a function'] }],
      [{ data: Float32Array.of(1, 2), shape: [2] }, [1, 2]],
      [new Date(0), '1970-01-01T00:00:00.000Z'],
      [new Map(), 'an object (Map)'],
      [5n, '5n'],
      [circular, { itself: 'an object (Object)' }],
    ]
    const items = uploaded.map(([item]) => item)
    const vectors = items.map((_, i) => [...uniform(seededRandom(60 + i), 3, [-1, 1])])
    const preprocess = (some: unknown[]): tf.Tensor =>
      tf.tensor2d(some.map((item) => vectors[items.indexOf(item)]!))
    const model = sequentialOf(randomLayers([3, 2], 'softmax'))
    using explainer = new GradientSimilarity(tfjsPredictor(model, { preprocess }), loss, {
      device: 'cpu',
      topK: items.length,
    })
    await explainer.fit(
      items,
      items.map((_, i) => i % 2),
    )
    const e = await explainer.explain([items[0]])
    const order = [...e.orderedIndices.data]
    const [found] = e.mostSimilar as readonly (readonly unknown[])[]
    for (const [place, i] of order.entries()) expect(found![place]).toBe(items[i])
    const inJson = [order.map((i) => uploaded[i]![1])]
    expect(JSON.parse(JSON.stringify(e))).toMatchObject({ data: { most_similar: inJson } })
    const read = Explanation.fromJSON(JSON.stringify(e))
    expect(read.data['mostSimilar']).toEqual(inJson)
    expect(JSON.stringify(read)).toBe(JSON.stringify(e))
  })

  it('rank as their arrays, stored or not, and are returned unchanged', async () => {
    const { x, plain, raw, items, calls } = texted()
    for (const precomputeGrads of [false, true]) {
      const options = { device: 'cpu', precomputeGrads, topK: 2, batchSize: 2 } as const
      using explainer = new GradientSimilarity(plain, loss, options)
      using rawExplainer = new GradientSimilarity(raw, loss, options)
      await explainer.fit(x, classes)
      await rawExplainer.fit(items, classes)
      const wanted = await explainer.explain(x)
      calls.length = 0
      const e = await rawExplainer.explain([...items])
      expectNear(e.scores.data, wanted.scores.data, tolerance)
      expect(e.orderedIndices).toEqual(wanted.orderedIndices)
      // Only for the test examples.
      expect(calls.map(({ count }) => count)).toEqual([2, 2, 1])
      const order = wanted.orderedIndices.data
      const rows = items.map((_, i) => [...order.subarray(i * 5, (i + 1) * 5)])
      expect(e.mostSimilar).toEqual(rows.map(([a, b]) => [items[a!], items[b!]]))
      expect(e.leastSimilar).toEqual(rows.map(([, , , y, z]) => [items[z!], items[y!]]))
    }
  })

  it('can be baselines, one for all or one for each, also in an average with arrays', async () => {
    const { x, plain, raw, items } = texted()
    const options = { device: 'cpu', layer: 'words', nSteps: 5 } as const
    using explainer = new IntegratedGradients(plain, options)
    using rawExplainer = new IntegratedGradients(raw, options)
    const others = ['a a a a', 'and and', 'film', '', 'dull']
    for (const [baselines, ids] of [
      [{ items: ['a a a a'] }, idsOf('a a a a')],
      [{ items: others }, others.map(idsOf)],
      [
        { average: [{ items: others }, 0] },
        { average: [others.map(idsOf), 0] as (number | number[][])[] },
      ],
    ] as const) {
      const e = await rawExplainer.explain(items, { target, baselines })
      const wanted = await explainer.explain(x, { target, baselines: ids })
      expect(e.attributions).toEqual(wanted.attributions)
      expect(e.baselines).toEqual(wanted.baselines)
    }
    await expectError(
      () => rawExplainer.explain(items, { target, baselines: { items: ['a', 'film'] } }),
      'InvalidArgumentError',
      'baselines: got shape [2, 4]',
    )
  })

  it('are evaluated as their arrays', async () => {
    const { x, plain, raw, items } = functional()
    using explainer = new Gradient(plain, { device: 'cpu' })
    const { attributions } = await explainer.explain(x, { target })
    using evaluator = new AttributionEvaluator(plain, { device: 'cpu', batchSize: 2 })
    using rawEvaluator = new AttributionEvaluator(raw, { device: 'cpu', batchSize: 2 })
    const baselines = { items: [flats[0]] }
    const begin = [[[...flats[0]!.rooms]], [[...flats[0]!.address.near]]]
    expect(await rawEvaluator.deletion(items, attributions, { target, baselines })).toEqual(
      await evaluator.deletion(x, attributions, { target, baselines: begin }),
    )
  })

  it('that the page removes from its list after the call are explained', async () => {
    const { raw, items } = texted()
    using explainer = new Gradient(raw, { device: 'cpu', layer: 'words' })
    const wanted = await explainer.explain(items, { target })
    const list = [...items]
    const pending = explainer.explain(list, { target })
    list.length = 1
    list[0] = 'dull'
    expect((await pending).attributions).toEqual(wanted.attributions)
  })

  it("aren't preprocessed further after an abort", async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    let count = 0
    const preprocess = (some: string[]): tf.Tensor => {
      if (++count === 2) controller.abort(reason)
      return encode(some)
    }
    const predictor = tfjsPredictor(textModel(), { preprocess })
    using explainer = new GradientSimilarity(predictor, loss, { device: 'cpu', batchSize: 1 })
    const { signal } = controller
    await expect(explainer.fit(texts, classes, { signal })).rejects.toBe(reason)
    expect(count).toBe(2)
  })

  it('are not preprocessed for labels, arguments or layers that do not fit', async () => {
    const { raw, items, calls } = texted()
    using similarity = new GradientSimilarity(raw, loss, { device: 'cpu' })
    await expectError(() => similarity.fit(items, [0, 1]), 'InvalidArgumentError', 'yTrain')
    using unknown = new IntegratedGradients(raw, { device: 'cpu', layer: 'sentence' })
    await expectError(() => unknown.explain(items, { target }), 'InvalidArgumentError', 'layer')
    using masked = new IntegratedGradients(raw, { device: 'cpu', layer: 'words' })
    const forwardKwargs = { mask: [[1], [1]] }
    await expectError(
      () => masked.explain(items, { target, forwardKwargs }),
      'InvalidArgumentError',
      'forwardKwargs.mask',
      '5 rows',
    )
    expect(calls).toEqual([])
  })

  it('leave no tensor behind, also if preprocess throws; the page’s own tensors stay', async () => {
    const kept = tf.tidy(() => tf.tensor2d([[1, 2, 3]]))
    const broken = new Error('no such picture')
    const model = sequentialOf(randomLayers([3, 2], 'softmax'))
    const predictor = tfjsPredictor(model, {
      preprocess: ([item]: string[]) => {
        const made = tf.tensor1d([1, 2, 3])
        if (item === 'broken') throw broken
        return item === 'own' ? kept : made.expandDims(0)
      },
    })
    using explainer = new Gradient(predictor, { device: 'cpu' })
    const { numTensors } = tf.memory()
    const own = await explainer.explain(['own'], { target: 0 })
    const made = await explainer.explain(['made'], { target: 0 })
    expect(own.attributions).toEqual(made.attributions)
    await expect(explainer.explain(['broken'], { target: 0 })).rejects.toBe(broken)
    expect(tf.memory().numTensors).toBe(numTensors)
    expect(kept.isDisposed).toBe(false)
    kept.dispose()
  })

  it('can be replaced by { data, shape } or a tensor, as returned by preprocess', async () => {
    const { raw, x, items } = texted()
    using explainer = new Gradient(raw, { device: 'cpu', layer: 'words' })
    const { data } = await explainer.explain(items, { target })
    expect((await explainer.explain(x as NdArray, { target })).data).toEqual(data)
    const tensor = tf.tidy(() => encode([...texts]))
    expect((await explainer.explain(tensor, { target })).data).toEqual(data)
    tensor.dispose()
  })

  it("aren't in a store, which has their rows or their addresses", async () => {
    const { raw, items } = texted()
    const fitted = async (storeExamples?: boolean | string): Promise<unknown> => {
      const store = new MemoryStore()
      using explainer = new GradientSimilarity(raw, loss, {
        device: 'cpu',
        precomputeGrads: true,
        store,
        storeExamples,
      })
      await explainer.fit(items, classes)
      using opened = await GradientSimilarity.open(store, raw, loss, { device: 'cpu', topK: 1 })
      const { mostSimilar, params } = await opened.explain([items[0], items[3]])
      expect(params['rawItems']).toBeUndefined()
      return mostSimilar
    }
    const rows = { data: expect.anything() as unknown, shape: [2, 1] }
    expect(await fitted()).toEqual(rows)
    expect(await fitted(false)).toEqual(rows)
    const address = expect.stringMatching(/^texts\/\d\.txt$/) as unknown
    expect(await fitted('texts/{id}.txt')).toEqual([[address], [address]])
    await expectRefusal(() => fitted(true), {
      argument: 'storeExamples',
      got: 'true, for raw items',
      expected:
        "an address in which '{id}' is the index of an example; or false, for explanations with the indices",
    })
  })
})
