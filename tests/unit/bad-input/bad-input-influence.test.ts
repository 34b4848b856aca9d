import { Explanation, GradientSimilarity, MemoryStore, type Predictor } from 'gradlens'
import { type Checkpoint, TracIn, type InfluenceExplainOptions } from 'gradlens/influence'
import { describe, expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import {
  classifier,
  randomLayers,
  testX,
  trainClasses,
  trainX,
} from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'
const predictor = classifier() as Predictor
const options = { device: 'cpu' } as const

async function storeOf(model: Predictor, count: number): Promise<MemoryStore> {
  const store = new MemoryStore()
  const all = { ...options, precomputeGrads: true, store }
  using writer = new GradientSimilarity(model, loss, all)
  await writer.fit(trainX.slice(0, count), trainClasses.slice(0, count))
  return store
}

describe('checkpoints', () => {
  const wider = densePredictor(randomLayers([3, 5, 3], 'softmax')) as Predictor
  const deeper = densePredictor(randomLayers([3, 4, 3, 3], 'softmax')) as Predictor
  const grid = densePredictor(randomLayers([3, 4, 3], 'softmax'), { inputShapes: [[1, 3]] })
  const first = { predictor, learningRate: 0.1 }
  const cases: readonly (readonly [unknown, string])[] = [
    [[], 'checkpoints: got an array of length 0; expected a list of one or more'],
    [first, 'checkpoints: got an object (Object); expected a list'],
    [[{ predictor }], 'checkpoints[0].learningRate: got undefined; expected a finite number above'],
    [[first, { predictor, learningRate: 0 }], 'checkpoints[1].learningRate: got 0; expected'],
    [[{ ...first, rate: 1 }], "checkpoints[0]: got 'rate'; expected only predictor, learningRate"],
    [[{ learningRate: 1 }], 'predictor: got undefined; expected a Predictor'],
    [
      [first, { predictor: wider, learningRate: 0.1 }],
      "checkpoints[1].predictor: got parameter '0/kernel' of shape [3, 5]; expected '0/kernel' of shape [3, 4], as in " +
        'the first checkpoint',
    ],
    [
      [first, { predictor: deeper, learningRate: 0.1 }],
      "checkpoints[1].predictor: got parameter '2/kernel' of shape [3, 3]; expected 4 trainable parameters",
    ],
    [
      [{ predictor: deeper, learningRate: 0.1 }, first],
      "checkpoints[1].predictor: got no parameter 4; expected '2/kernel' of shape [3, 3]",
    ],
    [
      [first, { predictor: grid as Predictor, learningRate: 0.1 }],
      'checkpoints[1].predictor: got inputs of shape [1, 3]; expected [3], as in the first',
    ],
  ]
  it.each(cases)('are refused with the difference (%#)', (checkpoints, message) => {
    expect(() => new TracIn(checkpoints as Checkpoint[], loss, options)).toThrow(message)
  })

  it('are refused if a store has another number of examples', async () => {
    const [six, four] = [await storeOf(predictor, 6), await storeOf(predictor, 4)]
    const checkpoints = [six, four].map((store) => ({ ...first, store }))
    await expect(TracIn.open(checkpoints, loss, options)).rejects.toThrow(
      'checkpoints[1].store: got 4 examples; expected 6, as the first store has',
    )
    using explainer = new TracIn([first, { ...first, store: four }], loss, options)
    await expect(explainer.fit(trainX, trainClasses)).rejects.toThrow(
      'checkpoints[1].store: got 4 examples; expected 6, as fit got',
    )
  })

  it('are refused by open without a store, and with a store of other weights', async () => {
    const store = await storeOf(classifier(2) as Predictor, 6)
    await expect(TracIn.open([first as Required<Checkpoint>], loss, options)).rejects.toThrow(
      'checkpoints[0].store: got none; expected a store of its training gradients',
    )
    await expect(TracIn.open([{ ...first, store }], loss, options)).rejects.toMatchObject({
      name: 'StoreError',
      failure: 'different',
    })
  })
})

describe('a call of TracIn', () => {
  it('needs a fit', async () => {
    using explainer = new TracIn([{ predictor, learningRate: 1 }], loss, options)
    const message = 'was called before fit; call fit(xTrain, yTrain) first, or TracIn.open'
    await expect(explainer.explain(testX)).rejects.toThrow(`explain ${message}`)
    await expect(explainer.selfInfluence()).rejects.toThrow(`selfInfluence ${message}`)
  })

  it.each<readonly [InfluenceExplainOptions, string]>([
    [{ aggregate: 'median' as never }, "aggregate: got 'median'; expected one of 'sum', 'mean'"],
    [{ perParameter: 1 as never }, 'perParameter: got 1; expected true or false'],
    [{ questionLoss: 'nothing' as never }, "questionLoss: got 'nothing'; expected a function"],
    [{ questionLoss: { name: 'no' } as never }, "questionLoss.name: got 'no'; expected one of"],
    [
      { questionLoss: { name: loss, delta: 2 } },
      `questionLoss.delta: got a value for '${loss}'; expected none: only 'huber' has it`,
    ],
    [
      { questionLoss: { name: loss, classWeight: [1] } },
      'questionLoss.classWeight: got 1 weights; expected 3, one per class',
    ],
    [{ simFn: 'grad_cos' } as never, "options: got 'simFn'; expected only topK, ranking, signal"],
    [{ topK: 0 }, 'topK: got 0'],
  ])('names a wrong option (%#)', async (given, message) => {
    using explainer = new TracIn([{ predictor, learningRate: 1 }], loss, options)
    await explainer.fit(trainX, trainClasses)
    await expect(explainer.explain(testX, undefined, given)).rejects.toThrow(message)
  })

  it('refuses scores of parameters that take more than maxBytes', async () => {
    const all = { ...options, maxBytes: 700 }
    using explainer = new TracIn([{ predictor, learningRate: 1 }], loss, all)
    await explainer.fit(trainX, trainClasses)
    await expect(explainer.explain(testX, undefined, { perParameter: true })).rejects.toThrow(
      'perParameter: got true for 4 parameters, 2 questions and 6 training examples: 864 bytes of scores; expected at ' +
        'most maxBytes, 700: explain fewer examples at once',
    )
  })

  it('refuses scores of all pairs that take more than maxBytes', async () => {
    using explainer = new TracIn([{ predictor, learningRate: 1 }], loss, {
      ...options,
      maxBytes: 280,
    })
    await explainer.fit(trainX, trainClasses)
    await expect(explainer.explain(testX)).rejects.toThrow(
      'x: got 2 questions and 6 training examples: 288 bytes of scores; expected at most maxBytes, 280: explain fewer ' +
        'examples at once, aggregate them, or set a higher maxBytes',
    )
    expect((await explainer.explain(testX, undefined, { aggregate: 'sum' })).scores.shape).toEqual([
      1, 6,
    ])
  })

  it('rejects with the reason of an abort, and works again', async () => {
    using explainer = new TracIn([{ predictor, learningRate: 1 }], loss, options)
    await explainer.fit(trainX, trainClasses)
    const controller = new AbortController()
    const reason = new Error('enough')
    const aborted = explainer.explain(testX, undefined, {
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason)
      },
    })
    await expect(aborted).rejects.toBe(reason)
    expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
  })
})

it('gives the results of TracIn as JSON and back', async () => {
  using explainer = new TracIn([{ predictor, learningRate: 1 }], loss, options)
  await explainer.fit(trainX, trainClasses)
  const explanation = await explainer.explain(testX, undefined, { perParameter: true })
  const json = JSON.parse(JSON.stringify(explanation)) as { meta: object; data: object }
  expect(json).toMatchObject({ meta: { name: 'TracIn', params: { learning_rates: [1] } } })
  const again = Explanation.fromJSON(JSON.stringify(explanation))
  expect(JSON.parse(JSON.stringify(again))).toEqual(json)
  const self = await explainer.selfInfluence()
  expect(self.toJSON()).toMatchObject({
    meta: { name: 'TracIn.selfInfluence' },
    data: { scores: [...self.scores.data], ordered_indices: [...self.orderedIndices.data] },
  })
})
