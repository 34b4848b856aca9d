import { GradientSimilarity, type LabelWeights } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { gridScorer, testX, trainClasses, trainX } from '../support/models/small-nets.js'

const options = { device: 'cpu' } as const

const sequenceLoss = 'sparseCategoricalCrossentropyFromLogits'

/** Labels of two positions. */
const sequences = trainClasses.map((k) => [k, 2 - k])

describe('labels', () => {
  const masks: readonly (readonly [string, LabelWeights['mask']])[] = [
    ['booleans', trainClasses.map((_, i) => [true, i % 2 === 0])],
    ['numbers', trainClasses.map((_, i) => [1, i % 2 === 0 ? 1 : 0])],
    ['bytes', { data: Uint8Array.from([1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0]), shape: [6, 2] }],
    ['a further axis', trainClasses.map((_, i) => [[1], [i % 2 === 0 ? 1 : 0]])],
  ]

  it.each(masks)('accept a mask of %s', async (_, mask) => {
    using ignoring = new GradientSimilarity(
      gridScorer(),
      { name: sequenceLoss, ignoreLabel: -1 },
      options,
    )
    using masked = new GradientSimilarity(gridScorer(), sequenceLoss, options)
    await ignoring.fit(
      trainX,
      sequences.map(([first, second], i) => [first!, i % 2 === 0 ? second! : -1]),
    )
    await masked.fit(trainX, { labels: sequences, mask })
    const y = [
      [0, 1],
      [2, 2],
    ]
    const [expected, got] = [await ignoring.explain(testX, y), await masked.explain(testX, y)]
    expect(got.toJSON().data).toEqual(expected.toJSON().data)
  })

  it('can be left out with a mask, and are then the predicted ones', async () => {
    using explainer = new GradientSimilarity(gridScorer(), sequenceLoss, options)
    await explainer.fit(trainX, sequences)
    using session = await gridScorer().open('cpu', { allowSoftware: true })
    const { data } = await session.predict(
      [{ data: Float64Array.from(testX.flat()), shape: [2, 3] }],
      {},
    )
    const labels = [0, 1, 2, 3].map((at) => {
      const scores = [...data.subarray(3 * at, 3 * at + 3)]
      return scores.indexOf(Math.max(...scores))
    })
    const mask = [
      [true, false],
      [false, true],
    ]
    const named = await explainer.explain(testX, {
      labels: [labels.slice(0, 2), labels.slice(2)],
      mask,
    })
    const guessed = await explainer.explain(testX, { mask })
    const unmasked = await explainer.explain(testX)
    expect(guessed.toJSON().data).toEqual(named.toJSON().data)
    expect(unmasked.scores).not.toEqual(guessed.scores)
  })
})
