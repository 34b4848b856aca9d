import { Gradient, IntegratedGradients, type NdArray } from 'gradlens'
import { describe, expect, it } from 'vitest'
import golden from '../../fixtures/alibi-golden.json'
import { denseLayers, densePredictor } from '../../support/models/dense-net.js'
import { expectNear, rowOf } from '../../support/references/differences.js'
import { expectClose } from '../../support/suites/golden-suite.js'
import { expectError, expectRefusal } from '../../support/refusals.js'
import {
  classifier,
  gridScorer,
  randomLayers,
  regressor,
  testX,
  twoInputClassifier,
} from '../../support/models/small-nets.js'

const options = { device: 'cpu' } as const

/** Float64 gradients, rounded to float32; of order 1. */
const tolerance = 1e-6

/** Central differences of float64 outputs with h = 1e-5: truncation h² and rounding 1e-16 / h are both below. */
const differenceTolerance = 1e-6
const h = 1e-5

/** ∂f[target] / ∂x of one example by central differences of predictions. */
async function differences(x: readonly number[], target: number): Promise<number[]> {
  const session = await classifier().open('cpu', { allowSoftware: true })
  const predict = async (moved: readonly number[]): Promise<number> => {
    const output = await session.predict([{ data: Float64Array.from(moved), shape: [1, 3] }], {})
    return output.data[target] ?? NaN
  }
  return Promise.all(
    x.map(async (_, k) => {
      const by = (step: number): number[] => x.map((value, i) => (i === k ? value + step : value))
      return ((await predict(by(h))) - (await predict(by(-h)))) / (2 * h)
    }),
  )
}

describe('Gradient', () => {
  it('returns the signed gradient of each example’s own target, as finite differences do', async () => {
    using explainer = new Gradient(classifier(), { ...options, internalBatchSize: 1 })
    const e = await explainer.explain(testX, { target: [2, 0] })
    for (const [i, target] of [2, 0].entries()) {
      const expected = await differences(testX[i]!, target)
      expectNear(rowOf(e.attributions[0]!, i), expected, differenceTolerance)
    }
    expect(e.target).toEqual({ data: Int32Array.of(2, 0), shape: [2] })
    expect(e.predictions.shape).toEqual([2, 3])
    expect(e.name).toBe('Gradient')
  })

  it('accepts every form of a target, and refuses others', async () => {
    using one = new Gradient(regressor(), options)
    const plain = await one.explain(testX)
    expect(plain.target).toBeNull()
    const ofClass0 = await one.explain(testX, { target: 0 })
    expectNear(
      ofClass0.attributions[0]!.data,
      plain.attributions[0]!.data.map((value) => -value),
      tolerance,
    )
    using grid = new Gradient(gridScorer(), options)
    const rows = await grid.explain(testX, {
      target: [
        [0, 1],
        [1, 2],
      ],
    })
    expect(rows.attributions[0]!.shape).toEqual([2, 3])
    await expectError(() => grid.explain(testX, { target: 1 }), 'InvalidArgumentError', 'target')
    using many = new Gradient(classifier(), options)
    await expectError(() => many.explain(testX), 'InvalidArgumentError', 'target', 'none')
    await expectError(() => many.explain(testX, { target: 3 }), 'InvalidArgumentError', '0 to 2')
  })

  it('returns one array per input for all examples, not only the first', async () => {
    using explainer = new Gradient(twoInputClassifier(), options)
    const image = [
      [
        [0.1, 0.2],
        [0.3, -0.4],
      ],
      [
        [-0.1, 0.5],
        [0.7, 0.2],
      ],
    ]
    const vector = [
      [1, 0, -1],
      [0.5, 0.25, 0],
    ]
    const together = await explainer.explain([image, vector], { target: 1 })
    expect(together.attributions.map(({ shape }) => shape)).toEqual([
      [2, 2, 2],
      [2, 3],
    ])
    for (const i of [0, 1]) {
      const alone = await explainer.explain([[image[i]!], [vector[i]!]], { target: 1 })
      for (const k of [0, 1]) {
        expect(rowOf(alone.attributions[k]!, 0)).toEqual(rowOf(together.attributions[k]!, i))
      }
    }
  })

  it('returns gradients at layers, at inputs, and at both in the order of the list', async () => {
    using inputs = new Gradient(classifier(), options)
    using layers = new Gradient(classifier(), { ...options, layer: [1, 'input0', 0] })
    const atInputs = await inputs.explain(testX, { target: 1 })
    const e = await layers.explain(testX, { target: 1 })
    expect(e.attributions.map(({ shape }) => shape[1])).toEqual([3, 3, 4])
    // The last layer's outputs are the model's.
    expect([...e.attributions[0]!.data]).toEqual([0, 1, 0, 0, 1, 0])
    expect(e.attributions[1]).toEqual(atInputs.attributions[0])
    expect(e.params['layer']).toEqual(['1', 'input0', '0'])
    using one = new Gradient(classifier(), { ...options, layer: 0 })
    expect((await one.explain(testX, { target: 1 })).attributions).toEqual([e.attributions[2]])
    using unknown = new Gradient(classifier(), { ...options, layer: 7 })
    await expectError(() => unknown.explain(testX, { target: 1 }), 'InvalidArgumentError', 'layer')
  })

  it('multiplies by the inputs with multiplyByInputs', async () => {
    using plain = new Gradient(classifier(), options)
    using product = new Gradient(classifier(), { ...options, multiplyByInputs: true })
    const gradient = (await plain.explain(testX, { target: 0 })).attributions[0]!
    const e = await product.explain(testX, { target: 0 })
    const expected = gradient.data.map((value, k) => value * testX.flat()[k]!)
    expectNear(e.attributions[0]!.data, expected, tolerance)
  })

  it('selects the model’s inputs and further arguments from a batch of any kind', async () => {
    interface Batch {
      readonly features: number[][]
      readonly gains: number[]
    }
    using explainer = new Gradient<NdArray, never, Batch>(classifier(), {
      ...options,
      forwardArgExtractor: ({ features }) => features,
      additionalForwardArgExtractor: ({ gains }) => ({ gain: gains.map((gain) => [gain]) }),
    })
    using plain = new Gradient(classifier(), options)
    const features = testX.map((row) => [...row])
    const e = await explainer.explain({ features, gains: [2, 2] }, { target: 0 })
    const doubled = await plain.explain(
      testX.map((row) => row.map((value) => 2 * value)),
      { target: 0 },
    )
    expectNear(
      e.attributions[0]!.data,
      doubled.attributions[0]!.data.map((value) => 2 * value),
      tolerance,
    )
    await expectError(
      () => explainer.explain({ features, gains: [1] }, { target: 0 }),
      'InvalidArgumentError',
      'additionalForwardArgExtractor.gain',
      '2 rows',
    )
  })

  it('checks the number of classes if it is given', async () => {
    using right = new Gradient(classifier(), { ...options, nClasses: 3 })
    expect((await right.explain(testX, { target: 0 })).attributions).toHaveLength(1)
    using wrong = new Gradient(classifier(), { ...options, nClasses: 10 })
    await expectError(() => wrong.explain(testX, { target: 0 }), 'InvalidArgumentError', 'nClasses')
  })

  it('refuses unknown options', async () => {
    await expectRefusal(() => new Gradient(classifier(), { layers: 1 } as object), {
      argument: 'options',
      got: "'layers'",
      expected:
        'only layer, nClasses, forwardArgExtractor, additionalForwardArgExtractor, multiplyByInputs, ' +
        'smoothGrad, internalBatchSize, device, verbose',
    })
    await expectRefusal(
      () => new Gradient(classifier(), { forwardArgExtractor: 'x' as unknown as () => number }),
      { argument: 'forwardArgExtractor', got: "'x'", expected: 'a function of the batch' },
    )
  })
})

describe('SmoothGrad', () => {
  const smooth = { samples: 400, noiseLevel: 0.2, seed: 3 }

  it("doesn't depend on the batches of samples", async () => {
    const results: NdArray[] = []
    for (const internalBatchSize of [1, 7, 100]) {
      using explainer = new Gradient(classifier(), {
        ...options,
        internalBatchSize,
        smoothGrad: { ...smooth, samples: 30 },
      })
      results.push((await explainer.explain(testX, { target: 0 })).attributions[0]!)
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })

  it('is the gradient itself for a linear model, or its square if squares are requested', async () => {
    const linear = (): ReturnType<typeof densePredictor> =>
      densePredictor(randomLayers([3, 1], 'linear', 9))
    using plain = new Gradient(linear(), options)
    using mean = new Gradient(linear(), { ...options, smoothGrad: smooth })
    using squared = new Gradient(linear(), { ...options, smoothGrad: { ...smooth, squared: true } })
    const gradient = (await plain.explain(testX)).attributions[0]!.data
    expectNear((await mean.explain(testX)).attributions[0]!.data, gradient, tolerance)
    const squares = gradient.map((value) => value * value)
    expectNear((await squared.explain(testX)).attributions[0]!.data, squares, tolerance)
  })

  it('approximates the mean over the noise of its definition', async () => {
    // f = tanh(w·x): E tanh'(w·(x + ε)) w with w·ε normal, of deviation 0.2 · 0.5 · |w|, by quadrature.
    const w = [0.8, -0.6, 0]
    const predictor = densePredictor([
      { kernel: w.map((weight) => [weight]), bias: [0], activation: 'tanh' },
    ])
    const x = [0.5, 0.25, 0]
    using explainer = new Gradient(predictor, { ...options, smoothGrad: smooth })
    const e = await explainer.explain([x])
    const at = w.reduce((sum, weight, k) => sum + weight * x[k]!, 0)
    let mean = 0
    let mass = 0
    for (let z = -6; z <= 6; z += 0.01) {
      const density = Math.exp((-z * z) / 2)
      mean += density * (1 - Math.tanh(at + 0.1 * z) ** 2)
      mass += density
    }
    const expected = w.map((weight) => (weight * mean) / mass)
    // The slope's deviation is about 0.05 here; five standard errors of 400 samples.
    expectNear(e.attributions[0]!.data, expected, (5 * 0.05) / Math.sqrt(400))
  })

  it('differs between seeds, and is the same for equal ones', async () => {
    const run = async (seed: number): Promise<number[]> => {
      using explainer = new Gradient(classifier(), { ...options, smoothGrad: { samples: 3, seed } })
      return [...(await explainer.explain(testX, { target: 0 })).attributions[0]!.data]
    }
    expect(await run(1)).toEqual(await run(1))
    expect(await run(1)).not.toEqual(await run(2))
  })

  it.each([
    [{ samples: 0 }, 'smoothGrad.samples'],
    [{ noiseLevel: 0 }, 'smoothGrad.noiseLevel'],
    [{ seed: 0.5 }, 'smoothGrad.seed'],
    [{ sigma: 1 }, 'smoothGrad'],
  ])('refuses %j', async (smoothGrad, argument) => {
    await expectError(
      () => new Gradient(classifier(), { smoothGrad: smoothGrad as object }),
      'InvalidArgumentError',
      argument,
    )
  })
})

describe('integrated gradients at layers, of a net without a framework', () => {
  const { ig_softmax: softmax } = golden
  const predictor = densePredictor(denseLayers(softmax.weights, ['tanh', 'softmax']))

  it.each([
    ['the last layer’s outputs', 1, false, golden.ig_softmax_layer2_outputs],
    ['the last layer’s inputs', 1, true, golden.ig_softmax_layer2_inputs],
    ['the first layer’s outputs', 0, false, golden.ig_softmax_layer1_outputs],
  ])('are alibi’s: %s', async (_, layer, attributeToLayerInputs, expected) => {
    using explainer = new IntegratedGradients(predictor, { ...options, layer })
    const e = await explainer.explain(softmax.X, {
      target: softmax.target,
      // All layer cases of the file have the same ones, so it has them once.
      baselines: golden.ig_softmax_layer2_outputs.baselines,
      attributeToLayerInputs,
    })
    expectClose(e.attributions[0]!, expected.attributions)
    expectClose(e.deltas, expected.deltas)
  })

  it('sum to the difference along the path of several layers at once', async () => {
    using explainer = new IntegratedGradients(predictor, { ...options, layer: [0, 1] })
    const e = await explainer.explain(softmax.X, { target: 0 })
    // The last layer's outputs are put in place, so the first layer has no way to the output.
    expect(e.attributions[0]!.data.every((value) => value === 0)).toBe(true)
    expectNear(e.deltas.data, new Float64Array(5), tolerance)
  })
})
