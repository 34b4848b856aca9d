import {
  Explanation,
  GradientSimilarity,
  IntegratedGradients,
  type NdArray,
  version,
} from 'gradlens'
import { describe, expect, it } from 'vitest'
import { createExplanation } from '../../../src/explanation.js'
import {
  classifier,
  gridScorer,
  regressor,
  testX,
  trainClasses,
  trainX,
  twoInputClassifier,
} from '../../support/models/small-nets.js'

const options = { device: 'cpu' } as const
const loss = 'sparseCategoricalCrossentropy'

const pictures = trainX.map(([a = 0, b = 0, c = 0]) => [
  [a, b],
  [c, a + b],
])

async function similarityExplanation(): ReturnType<GradientSimilarity['explain']> {
  using explainer = new GradientSimilarity(classifier(), loss, { ...options, topK: 2 })
  await explainer.fit(trainX, trainClasses)
  return await explainer.explain(testX)
}

async function gradientsExplanation(): ReturnType<IntegratedGradients['explain']> {
  using explainer = new IntegratedGradients(classifier(), { ...options, nSteps: 5 })
  return await explainer.explain(testX, {
    target: [0, 2],
    baselines: 0.25,
    forwardKwargs: { gain: [[1], [0.5]] },
  })
}

/** The same numbers in the same shapes; JSON does not say which type of array held them. */
function expectSameData(read: object, original: object): void {
  expect(plain(read)).toEqual(plain(original))
}

function plain(value: unknown): unknown {
  // JSON has no −0.
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, (number) => number + 0)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]))
}

describe('an explanation', () => {
  it('has the fields of its data and of its meta as its own', async () => {
    const similarity = await similarityExplanation()
    expect(similarity.scores).toBe(similarity.data.scores)
    expect(similarity.orderedIndices).toBe(similarity.data.orderedIndices)
    expect(similarity.name).toBe('GradientSimilarity')
    expect(similarity.version).toBe(version)
    const gradients = await gradientsExplanation()
    expect(gradients.attributions).toBe(gradients.data.attributions)
    expect(gradients.params).toBe(gradients.meta.params)
    expect(gradients.explanations).toEqual(['local'])
    expect(gradients.type).toEqual(['whitebox'])
  })

  it('is frozen, and so are its data and meta', async () => {
    for (const explanation of [await similarityExplanation(), await gradientsExplanation()]) {
      const open = explanation as unknown as { data: { x: unknown }; name: string }
      expect(() => (open.name = 'Other')).toThrow(TypeError)
      expect(() => (open.data = { x: 1 })).toThrow(TypeError)
      expect(() => (open.data.x = 1)).toThrow(TypeError)
      expect(() => Object.assign(explanation.meta, { name: 'Other' })).toThrow(TypeError)
      expect(() => Object.assign(explanation.params, { method: 'Other' })).toThrow(TypeError)
    }
  })

  it('can be printed', async () => {
    const explanation: unknown = await similarityExplanation()
    expect(String(explanation)).toBe('[object Object]')
  })
})

describe('the JSON of GradientSimilarity', () => {
  it('has alibi’s keys', async () => {
    const { meta, data } = (await similarityExplanation()).toJSON()
    expect(Object.keys(meta)).toEqual(['name', 'type', 'explanations', 'params', 'version'])
    expect(meta).toMatchObject({
      name: 'GradientSimilarity',
      params: {
        sim_fn_name: 'grad_dot',
        store_grads: false,
        backend_name: 'cpu',
        task_name: 'classification',
      },
    })
    const alibis = ['scores', 'ordered_indices', 'most_similar', 'least_similar']
    expect(Object.keys(data).sort()).toEqual([...alibis, 'non_finite'].sort())
  })

  it('has nested lists of the arrays’ shapes', async () => {
    const explanation = await similarityExplanation()
    const { scores, most_similar: mostSimilar } = explanation.toJSON().data as {
      scores: number[][]
      most_similar: number[][][]
    }
    expect(scores.map((row) => row.length)).toEqual([6, 6])
    expect(scores.flat()).toEqual([...explanation.scores.data])
    expect(mostSimilar.map((rows) => rows.map((row) => row.length))).toEqual([
      [3, 3],
      [3, 3],
    ])
  })

  it('is the same after reading', async () => {
    const original = await similarityExplanation()
    for (const json of [JSON.stringify(original), original.toJSON()]) {
      const read = Explanation.fromJSON(json)
      expect(read.meta).toEqual(original.meta)
      expectSameData(read.data, original.data)
      expect((read.data['orderedIndices'] as NdArray).data).toEqual(original.orderedIndices.data)
      expect(read.toJSON()).toEqual(original.toJSON())
    }
  })

  it('of two inputs is read as one array per input, also if both have the same shape', async () => {
    using explainer = new GradientSimilarity(twoInputClassifier(), loss, { ...options, topK: 2 })
    await explainer.fit([pictures, trainX], trainClasses)
    const original = await explainer.explain([pictures.slice(0, 2), testX])
    expect(original.mostSimilar).toMatchObject([{ shape: [2, 2, 2, 2] }, { shape: [2, 2, 3] }])
    expectSameData(Explanation.fromJSON(JSON.stringify(original)).data, original.data)
    const twice = createExplanation(original.meta, {
      ...original.data,
      mostSimilar: [original.scores, original.scores],
    })
    expectSameData(Explanation.fromJSON(JSON.stringify(twice)).data, twice.data)
  })
})

describe('the JSON of IntegratedGradients', () => {
  it('has alibi’s keys, X in capitals, and the arguments’ names as the user wrote them', async () => {
    using explainer = new IntegratedGradients(classifier(), { ...options, nSteps: 5 })
    const explanation = await explainer.explain(testX, { target: 1 })
    const { meta, data } = explanation.toJSON()
    expect(meta).toMatchObject({
      name: 'IntegratedGradients',
      type: ['whitebox'],
      explanations: ['local'],
      params: { method: 'gausslegendre', n_steps: 5, internal_batch_size: 'auto', layer: null },
      version,
    })
    expect(Object.keys(data).sort()).toEqual([
      'X',
      'attribution_names',
      'attributions',
      'baselines',
      'deltas',
      'forward_kwargs',
      'predictions',
      'target',
    ])
    expect(data).toMatchObject({ X: testX, forward_kwargs: {}, target: [1, 1] })
    expect(data['attributions']).toMatchObject([[{ length: 3 }, { length: 3 }]])

    const named = createExplanation(explanation.meta, {
      ...explanation.data,
      forwardKwargs: { attentionMask: explanation.deltas, x: explanation.deltas },
    })
    expect(Object.keys(named.toJSON().data['forward_kwargs'] as object)).toEqual([
      'attentionMask',
      'x',
    ])
    expectSameData(Explanation.fromJSON(JSON.stringify(named)).data, named.data)
  })

  it('is the same after reading, with and without a target', async () => {
    using explainer = new IntegratedGradients(regressor(), { ...options, nSteps: 5 })
    for (const original of [await gradientsExplanation(), await explainer.explain(testX)]) {
      const read = Explanation.fromJSON(JSON.stringify(original))
      expect(read.meta).toEqual(original.meta)
      expectSameData(read.data, original.data)
      expect(read.toJSON()).toEqual(original.toJSON())
    }
  })

  it('of two inputs and of a grid of outputs is the same after reading', async () => {
    using two = new IntegratedGradients(twoInputClassifier(), { ...options, nSteps: 5 })
    using grid = new IntegratedGradients(gridScorer(), { ...options, nSteps: 5 })
    const explanations = [
      await two.explain([pictures, trainX], { target: 1, baselines: [null, 0.5] }),
      await grid.explain(testX, {
        target: [
          [0, 1],
          [1, 2],
        ],
      }),
    ]
    for (const original of explanations) {
      const read = Explanation.fromJSON(JSON.stringify(original))
      expectSameData(read.data, original.data)
      expect((read.data['target'] as NdArray).data).toEqual(original.target?.data)
    }
  })
})
