import { GradientSimilarity, IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { expect, it } from 'vitest'
import { classifier, testX, trainClasses, trainX } from '../support/models/small-nets.js'

/** A net that says what an example takes, and notes how many examples each pass has. */
function measured(exampleBytes: number): {
  readonly predictor: Predictor<NdArray>
  readonly passes: number[]
} {
  const net = classifier()
  const passes: number[] = []
  const predictor: Predictor<NdArray> = {
    ...net,
    open: async (device, options) => {
      const session = await net.open(device, options)
      return new Proxy(session, {
        get: (target, name) => {
          if (name === 'exampleBytes') return () => Promise.resolve(exampleBytes)
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          return (...given: readonly unknown[]): unknown => {
            if (name === 'lossGradients' || name === 'inputGradients') {
              passes.push((given[0] as readonly NdArray[])[0]!.shape[0]!)
            }
            return (value as (...all: readonly unknown[]) => unknown).apply(target, [...given])
          }
        },
      })
    },
  }
  return { predictor, passes }
}

const mib = 2 ** 20

it.each([
  [1, [6]],
  [12 * mib, [4, 2]],
  [24 * mib, [2, 2, 2]],
  [500 * mib, [1, 1, 1, 1, 1, 1]],
])('fits, with %i bytes per example, in passes of %j', async (exampleBytes, expected) => {
  const { predictor, passes } = measured(exampleBytes)
  using explainer = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
    precomputeGrads: true,
  })
  await explainer.fit(trainX, trainClasses)
  expect(passes).toEqual(expected)
})

it.each([
  [1, [50]],
  [2 * mib, [17, 17, 16]],
  [500 * mib, Array.from({ length: 50 }, () => 1)],
])('integrates, with %i bytes per point, in passes of about one size', async (bytes, expected) => {
  const { predictor, passes } = measured(bytes)
  using explainer = new IntegratedGradients(predictor)
  await explainer.explain(testX[0]!, { target: 0 })
  expect(passes).toEqual(expected)
})

it('uses a number unchanged', async () => {
  const { predictor, passes } = measured(500 * mib)
  using explainer = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
    ...{ precomputeGrads: true, batchSize: 4 },
  })
  await explainer.fit(trainX, trainClasses)
  expect(passes).toEqual([4, 2])
})

it.each(['many', 0, 1.5, NaN])('refuses %j', (batchSize) => {
  const options = { batchSize: batchSize as never }
  expect(
    () => new GradientSimilarity(classifier(), 'sparseCategoricalCrossentropy', options),
  ).toThrow('batchSize: got')
})
