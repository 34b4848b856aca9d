import { GradientSimilarity, IntegratedGradients, type NdArray } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'
const options = { device: 'cpu' } as const

const arrayOf = (rows: readonly (readonly number[])[]): NdArray => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 0],
})
const copyOf = ({ data, shape }: NdArray): NdArray => ({ data: data.slice(), shape: [...shape] })
const labels = (): NdArray => ({ data: Int32Array.from(trainClasses), shape: [6] })

function deeplyFrozen<Value>(value: Value): Value {
  if (Array.isArray(value)) value.forEach(deeplyFrozen)
  return Object.freeze(value)
}

describe('the caller’s arrays', () => {
  it('are not changed by GradientSimilarity', async () => {
    using explainer = new GradientSimilarity(classifier(), loss, options)
    const given = { x: arrayOf(trainX), y: labels(), test: arrayOf(testX) }
    const copies = { x: copyOf(given.x), y: copyOf(given.y), test: copyOf(given.test) }
    await explainer.fit(given.x, given.y)
    await explainer.explain(given.test)
    expect(given).toEqual(copies)
  })

  it('are not changed by IntegratedGradients', async () => {
    using explainer = new IntegratedGradients(classifier(), options)
    const given = {
      x: arrayOf(testX),
      baselines: arrayOf([[0.1, 0.2, 0.3]]),
      target: { data: Int32Array.of(1, 2), shape: [2] },
      gain: arrayOf([[1], [0.5]]),
    }
    const copies = Object.fromEntries(Object.entries(given).map(([key, a]) => [key, copyOf(a)]))
    const { x, baselines, target, gain } = given
    await explainer.explain(x, { baselines, target, forwardKwargs: { gain } })
    expect(given).toEqual(copies)
  })

  it('can be frozen lists', async () => {
    const [x, y, tests] = [structuredClone(trainX), [...trainClasses], structuredClone(testX)]
    using explainer = new GradientSimilarity(classifier(), loss, options)
    await explainer.fit(deeplyFrozen(x), deeplyFrozen(y))
    expect((await explainer.explain(deeplyFrozen(tests))).scores.shape).toEqual([2, 6])
  })

  it('can change as soon as fit and explain are called: their contents at the call are explained', async () => {
    using expectedOf = new GradientSimilarity(classifier(), loss, options)
    await expectedOf.fit(trainX, trainClasses)
    const expected = await expectedOf.explain(testX, [0, 1])

    using explainer = new GradientSimilarity(classifier(), loss, options)
    const given = { x: arrayOf(trainX), y: labels(), test: arrayOf(testX) }
    const testLabels = { data: Int32Array.of(0, 1), shape: [2] }
    const fitting = explainer.fit(given.x, given.y)
    given.x.data.fill(9)
    given.y.data.fill(2)
    await fitting
    const explaining = explainer.explain(given.test, testLabels)
    given.test.data.fill(9)
    testLabels.data.fill(2)
    expect((await explaining).orderedIndices).toEqual(expected.orderedIndices)
    expect((await explaining).mostSimilar).toMatchObject({ shape: [2, 5, 3] })
  })

  it('can change as soon as IntegratedGradients.explain is called', async () => {
    using explainer = new IntegratedGradients(classifier(), options)
    const given = {
      x: arrayOf(testX),
      baselines: arrayOf([[0.1, 0.2, 0.3]]),
      target: { data: Int32Array.of(1, 2), shape: [2] },
      gain: arrayOf([[1], [0.5]]),
    }
    const call = (): Promise<{ toJSON(): unknown }> => {
      const { x, baselines, target, gain } = given
      return explainer.explain(x, { baselines, target, forwardKwargs: { gain } })
    }
    const expected = await call()
    const explaining = call()
    for (const { data } of Object.values(given)) data.fill(0)
    expect((await explaining).toJSON()).toEqual(expected.toJSON())
  })
})

it('results belong to the caller: changing them changes no later result', async () => {
  using explainer = new GradientSimilarity(classifier(), loss, {
    ...options,
    precomputeGrads: true,
  })
  await explainer.fit(trainX, trainClasses)
  const first = await explainer.explain(testX)
  const expected = first.toJSON()
  first.scores.data.fill(0)
  first.orderedIndices.data.fill(0)
  ;(first.mostSimilar as NdArray).data.fill(0)
  expect((await explainer.explain(testX)).toJSON()).toEqual(expected)
})
