import {
  type ArrayLike,
  GradientSimilarity,
  type LossName,
  type NdArray,
  type Predictor,
} from 'gradlens'
import { describe, expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { expectError, expectRefusal } from '../../support/refusals.js'
import {
  classifier,
  gridScorer,
  randomLayers,
  regressor,
  testX,
  trainClasses,
  trainX,
} from '../../support/models/small-nets.js'

const options = { device: 'cpu' } as const
const oneHot = (label: number): number[] => [0, 1, 2].map((k) => (k === label ? 1 : 0))
const oneHots = trainClasses.map(oneHot)
const yesNo = trainClasses.map((label) => (label > 0 ? 1 : 0))
const values = trainClasses.map((label) => label / 4)
const yesNoNet = (): Predictor<NdArray> => densePredictor(randomLayers([3, 4, 1], 'sigmoid'))

const noTypes: readonly (readonly [unknown, string])[] = [
  [undefined, 'undefined'],
  [null, 'null'],
  ['0, 1', "'0, 1'"],
]

describe('fit', () => {
  it.each(noTypes)('refuses %o as labels, and takes the next ones', async (y, got) => {
    using explainer = new GradientSimilarity(classifier(), 'sparseCategoricalCrossentropy', options)
    await expectRefusal(() => explainer.fit(trainX, y as ArrayLike), {
      argument: 'yTrain',
      got,
      expected: 'a number, a typed array, nested lists of these, { data, shape } or a tensor',
    })
    await explainer.fit(trainX, trainClasses)
    expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
  })

  it.each([
    [trainClasses.slice(1), '5 labels for 6 examples'],
    [[...trainClasses, 0], '7 labels for 6 examples'],
    [1, 'one label for 6 examples'],
    [[], '0 labels for 6 examples'],
  ])('refuses labels of another length, and never truncates: %o', async (y, got) => {
    using explainer = new GradientSimilarity(classifier(), 'sparseCategoricalCrossentropy', options)
    await expectRefusal(() => explainer.fit(trainX, y), {
      argument: 'yTrain',
      got,
      expected: 'one label per example',
    })
  })

  it.each([
    [[0, 1, 2, 0, 1, 3], '3 at [5]'],
    [[0, -1, 2, 0, 1, 1], '-1 at [1]'],
    [[0, 1, 0.5, 0, 1, 1], '0.5 at [2]'],
  ])('refuses classes that the model does not have: %o', async (y, got) => {
    using explainer = new GradientSimilarity(classifier(), 'sparseCategoricalCrossentropy', options)
    await expectRefusal(() => explainer.fit(trainX, y), {
      argument: 'yTrain',
      got,
      expected: 'class indices from 0 to 2',
    })
  })

  it.each([NaN, Infinity, -Infinity])('refuses %d as a label', async (label) => {
    using explainer = new GradientSimilarity(regressor(), 'meanSquaredError', options)
    const y = [0, 1, label, 0, 1, 0]
    await expectError(
      () => explainer.fit(trainX, y),
      'NonFiniteError',
      `yTrain: ${label} at [2]; expected finite numbers.`,
    )
  })

  it.each<[LossName, ArrayLike, string, string]>([
    [
      'categoricalCrossentropy',
      trainClasses,
      'shape [6]',
      "shape [examples, 3] for 'categoricalCrossentropy' (class indices go with 'sparseCategoricalCrossentropy')",
    ],
    [
      'categoricalCrossentropyFromLogits',
      trainClasses,
      'shape [6]',
      "shape [examples, 3] for 'categoricalCrossentropyFromLogits' (class indices go with 'sparseCategoricalCrossentropyFromLogits')",
    ],
    [
      'sparseCategoricalCrossentropy',
      oneHots,
      'shape [6, 3]',
      "shape [examples] for 'sparseCategoricalCrossentropy' (one-hot rows go with 'categoricalCrossentropy')",
    ],
    [
      'sparseCategoricalCrossentropyFromLogits',
      oneHots,
      'shape [6, 3]',
      "shape [examples] for 'sparseCategoricalCrossentropyFromLogits' (one-hot rows go with 'categoricalCrossentropyFromLogits')",
    ],
    [
      'binaryCrossentropy',
      trainClasses,
      'shape [6]',
      "shape [examples, 3] for 'binaryCrossentropy'",
    ],
    [
      'meanSquaredError',
      oneHots.map((row) => row.slice(1)),
      'shape [6, 2]',
      "shape [examples, 3] for 'meanSquaredError'",
    ],
    ['meanAbsoluteError', values, 'shape [6]', "shape [examples, 3] for 'meanAbsoluteError'"],
  ])('refuses labels in another form than %s takes', async (loss, y, got, expected) => {
    using explainer = new GradientSimilarity(classifier(), loss, options)
    await expectRefusal(() => explainer.fit(trainX, y), { argument: 'yTrain', got, expected })
  })

  it.each<[LossName, Predictor<NdArray>, ArrayLike, string]>([
    ['binaryCrossentropy', yesNoNet(), [1, -1, 1, 1, -1, 1], '-1 at [1]'],
    ['binaryCrossentropyFromLogits', yesNoNet(), [1, 0, 1, 1, 0, 2], '2 at [5]'],
    [
      'categoricalCrossentropy',
      classifier(),
      oneHots.map((row) => row.map((p) => 255 * p)),
      '255 at [0, 0]',
    ],
  ])('refuses labels of %s that are no probabilities', async (loss, predictor, y, got) => {
    using explainer = new GradientSimilarity(predictor, loss, options)
    await expectRefusal(() => explainer.fit(trainX, y), {
      argument: 'yTrain',
      got,
      expected: 'probabilities, from 0 to 1',
    })
  })

  it.each<[LossName, Predictor<NdArray>, ArrayLike]>([
    ['categoricalCrossentropy', classifier(), oneHots],
    ['categoricalCrossentropy', classifier(), oneHots.map((row) => row.map((p) => 0.8 * p + 0.1))],
    ['sparseCategoricalCrossentropy', classifier(), trainClasses],
    ['sparseCategoricalCrossentropy', classifier(), trainClasses.map((label) => [label])],
    ['binaryCrossentropy', yesNoNet(), yesNo],
    ['binaryCrossentropy', yesNoNet(), yesNo.map((label) => [label])],
    ['binaryCrossentropy', densePredictor(randomLayers([3, 2, 3], 'sigmoid')), oneHots],
    ['meanSquaredError', regressor(), values],
    ['meanSquaredError', regressor(), values.map((value) => [value])],
    ['meanAbsoluteError', classifier(), oneHots],
    ['sparseCategoricalCrossentropyFromLogits', gridScorer(), trainClasses.map((k) => [k, 2 - k])],
    [
      'categoricalCrossentropyFromLogits',
      gridScorer(),
      trainClasses.map((k) => [oneHot(k), oneHot(2 - k)]),
    ],
  ])('takes labels in each form of %s: %#', async (loss, predictor, y) => {
    using explainer = new GradientSimilarity(predictor, loss, { ...options, simFn: 'grad_cos' })
    await explainer.fit(trainX, y)
    const { scores } = await explainer.explain(trainX, y)
    // Each example is as similar to itself as can be, whatever its label's form.
    const most = [0, 1, 2, 3, 4, 5].map((row) => scores.data[row * 6])
    for (const score of most) expect(score).toBeCloseTo(1, 5)
  })

  it('reads [n] and [n, 1] as the same labels', async () => {
    using flat = new GradientSimilarity(regressor(), 'meanSquaredError', options)
    using column = new GradientSimilarity(regressor(), 'meanSquaredError', options)
    await flat.fit(trainX, values)
    await column.fit(
      trainX,
      values.map((value) => [value]),
    )
    const y = [0.5, 0.25]
    const fromFlat = await flat.explain(testX, y)
    const fromColumn = await column.explain(
      testX,
      y.map((value) => [value]),
    )
    expect(fromColumn.toJSON().data).toEqual(fromFlat.toJSON().data)
  })
})

describe('explain', () => {
  it('refuses to guess the value of a regression', async () => {
    using explainer = new GradientSimilarity(regressor(), 'meanSquaredError', {
      ...options,
      task: 'regression',
    })
    await explainer.fit(trainX, values)
    await expectRefusal(() => explainer.explain(testX), {
      argument: 'y',
      got: 'none',
      expected: "the values of the examples: task is 'regression'",
    })
    expect((await explainer.explain(testX, [0.1, 0.2])).scores.shape).toEqual([2, 6])
  })

  it("refuses to infer a label from a number that isn't a probability", async () => {
    using explainer = new GradientSimilarity(regressor(), 'meanSquaredError', options)
    await explainer.fit(trainX, values)
    await expectRefusal(() => explainer.explain(testX), {
      argument: 'y',
      got: 'none, but a single output means no class to this loss',
      expected: 'the label of each example',
    })
  })

  it('refuses to infer a label from outputs of another form', async () => {
    using explainer = new GradientSimilarity(classifier(), (y) => y, options)
    await explainer.fit(
      trainX,
      trainClasses.map((label) => [label, 1]),
    )
    await expectRefusal(() => explainer.explain(testX), {
      argument: 'y',
      got: 'none, but labels of shape [2] cannot be read off outputs of shape [3]',
      expected: 'the label of each example',
    })
  })

  it.each([
    [[0], 2, true],
    [1, 2, true],
    [[0, 1], 2, true],
    [[0, 1, 2], 2, false],
    [[0, 1], 1, false],
  ])(
    'with labels %o for %i examples: broadcasts one, and never truncates',
    async (y, count, fits) => {
      using explainer = new GradientSimilarity(
        classifier(),
        'sparseCategoricalCrossentropy',
        options,
      )
      await explainer.fit(trainX, trainClasses)
      const explain = (): Promise<unknown> => explainer.explain(testX.slice(0, count), y)
      if (fits) {
        await expect(explain()).resolves.toBeDefined()
        return
      }
      await expectRefusal(explain, {
        argument: 'y',
        got: `${(y as number[]).length} labels for ${count} examples`,
        expected: 'one label per example',
      })
    },
  )

  it('uses one one-hot label for all', async () => {
    using explainer = new GradientSimilarity(classifier(), 'categoricalCrossentropy', options)
    await explainer.fit(trainX, oneHots)
    const one = await explainer.explain(testX, oneHot(2))
    const each = await explainer.explain(testX, [oneHot(2), oneHot(2)])
    expect(one.toJSON()).toEqual(each.toJSON())
  })

  it('refuses labels of another shape than a loss function was fitted with', async () => {
    const squares = (yTrue: NdArray, yPred: NdArray): NdArray => {
      const differences = [...yPred.data].map((value, k) => value - (yTrue.data[k] ?? 0))
      return { data: Float64Array.of(differences.reduce((sum, d) => sum + d * d, 0)), shape: [] }
    }
    using explainer = new GradientSimilarity(classifier(), squares, options)
    await explainer.fit(trainX, oneHots)
    await expectRefusal(() => explainer.explain(testX, [0, 1]), {
      argument: 'y',
      got: 'shape [2]',
      expected: 'shape [examples, 3], as the labels that fit was given',
    })
    expect((await explainer.explain(testX, [oneHot(0), oneHot(1)])).scores.shape).toEqual([2, 6])
  })

  it.each<[LossName, Predictor<NdArray>, ArrayLike, (p: NdArray) => ArrayLike]>([
    ['sparseCategoricalCrossentropy', classifier(), trainClasses, classesOf],
    ['categoricalCrossentropy', classifier(), oneHots, (p) => classesOf(p).map(oneHot)],
    [
      'binaryCrossentropy',
      yesNoNet(),
      yesNo,
      ({ data }) => [...data].map((probability) => (probability > 0.5 ? 1 : 0)),
    ],
    [
      'binaryCrossentropyFromLogits',
      regressor(),
      yesNo,
      ({ data }) => [...data].map((logit) => (logit > 0 ? 1 : 0)),
    ],
  ])(
    'without labels takes the predicted ones, in the form of %s',
    async (loss, predictor, y, of) => {
      using explainer = new GradientSimilarity(predictor, loss, options)
      await explainer.fit(trainX, y)
      using session = await predictor.open('cpu', { allowSoftware: true })
      const data = Float64Array.from(testX.flat())
      const predicted = of(await session.predict([{ data, shape: [2, 3] }], {}))
      const guessed = await explainer.explain(testX)
      expect(guessed.toJSON()).toEqual((await explainer.explain(testX, predicted)).toJSON())
    },
  )
})

function classesOf({ data }: NdArray): number[] {
  return [data.subarray(0, 3), data.subarray(3)].map((p) => p.indexOf(Math.max(...p)))
}
