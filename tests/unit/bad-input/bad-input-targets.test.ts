import {
  type ArrayLike,
  IntegratedGradients,
  type IntegratedGradientsExplainOptions,
  type NdArray,
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
  twoInputClassifier,
} from '../../support/models/small-nets.js'

const options = { device: 'cpu', nSteps: 5 } as const
const forOutput = ", for output 'output'"
const perClass = `an integer from 0 to 2${forOutput}`
const vectorForm = `an index, or one per example, shape [2]${forOutput}`
const gridForm = `one row of 2 indices per example, shape [2, 2]${forOutput}`
const anArray = 'a number, a typed array, nested lists of these, { data, shape } or a tensor'

describe('the target of a vector of outputs', () => {
  it.each<[unknown, string, string]>([
    [undefined, 'none', `one for outputs of shape [3]: ${vectorForm}`],
    [3, '3', perClass],
    [-1, '-1', perClass],
    [0.5, '0.5', perClass],
    [NaN, 'NaN', perClass],
    [Infinity, 'Infinity', perClass],
    [[0, 3], '3 for example 1', perClass],
    [[-1, 0], '-1 for example 0', perClass],
    [[0, 1.5], '1.5 for example 1', perClass],
    [{ data: Float32Array.of(1, 2.5), shape: [2] }, '2.5 for example 1', perClass],
    [[0, 1, 2], 'shape [3]', vectorForm],
    [[0], 'shape [1]', vectorForm],
    [[], 'shape [0]', vectorForm],
    [[[0], [1]], 'shape [2, 1]', vectorForm],
    [
      [
        [0, 1],
        [1, 1],
      ],
      'shape [2, 2]',
      vectorForm,
    ],
    ['1', "'1'", anArray],
    [null, 'null', anArray],
    [1n, '1n', anArray],
    [['0', '1'], "'0' at [0]", 'numbers in lists of equal lengths, of shape [2] by the first ones'],
  ])('cannot be %o', async (target, got, expected) => {
    using explainer = new IntegratedGradients(classifier(), options)
    const explain = (): unknown => explainer.explain(testX, { target: target as ArrayLike })
    await expectRefusal(explain, { argument: 'target', got, expected })
    const { deltas } = await explainer.explain(testX, { target: [0, 2] })
    expect(deltas.shape).toEqual([2])
  })
})

describe('the target of a single output', () => {
  const meaning = `an integer from 0 to 1 (one output: class 0 or 1)${forOutput}`

  it.each<[ArrayLike, string, string]>([
    [2, '2', meaning],
    [-1, '-1', meaning],
    [[0, 2], '2 for example 1', meaning],
    [[[0], [1]], 'shape [2, 1]', vectorForm],
  ])('cannot be %o', async (target, got, expected) => {
    using explainer = new IntegratedGradients(regressor(), options)
    const explain = (): unknown => explainer.explain(testX, { target })
    await expectRefusal(explain, { argument: 'target', got, expected })
    expect((await explainer.explain(testX)).target).toBeNull()
  })

  it('can be left out, and the output itself is explained', async () => {
    using explainer = new IntegratedGradients(regressor(), options)
    const none = await explainer.explain(testX)
    const one = await explainer.explain(testX, { target: 1 })
    expect(none.attributions).toEqual(one.attributions)
  })
})

describe('the target of a grid of outputs', () => {
  it.each<[unknown, string, string]>([
    [undefined, 'none', `one for outputs of shape [2, 3]: ${gridForm}`],
    [1, 'shape []', gridForm],
    [[0, 1], 'shape [2]', gridForm],
    [[[0, 1]], 'shape [1, 2]', gridForm],
    [
      [
        [0, 1, 0],
        [0, 1, 0],
      ],
      'shape [2, 3]',
      gridForm,
    ],
    [
      [
        [0, 1],
        [2, 1],
      ],
      '2 for example 1',
      `an integer from 0 to 1${forOutput}`,
    ],
    [
      [
        [0, 3],
        [1, 1],
      ],
      '3 for example 0',
      perClass,
    ],
    [
      [
        [0, -1],
        [1, 1],
      ],
      '-1 for example 0',
      perClass,
    ],
  ])('cannot be %o', async (target, got, expected) => {
    using explainer = new IntegratedGradients(gridScorer(), options)
    const explain = (): unknown => explainer.explain(testX, { target: target as ArrayLike })
    await expectRefusal(explain, { argument: 'target', got, expected })
  })
})

describe('targetFn', () => {
  it("can't be combined with a target", async () => {
    using explainer = new IntegratedGradients(classifier(), { ...options, targetFn: () => 0 })
    await expectRefusal(() => explainer.explain(testX, { target: 0 }), {
      argument: 'target',
      got: 'a target and a targetFn',
      expected: 'one of the two',
    })
    expect((await explainer.explain(testX)).target?.data).toEqual(Int32Array.of(0, 0))
  })

  it.each<[unknown, string, string]>([
    [3, '3', perClass],
    [[0, 1, 2], 'shape [3]', vectorForm],
    [Promise.resolve(0), 'an object (Promise)', anArray],
    [undefined, 'none', `one for outputs of shape [3]: ${vectorForm}`],
  ])('cannot give %o', async (target, got, expected) => {
    const targetFn = (): ArrayLike => target as ArrayLike
    using explainer = new IntegratedGradients(classifier(), { ...options, targetFn })
    await expectRefusal(() => explainer.explain(testX), { argument: 'target', got, expected })
  })

  it('that throws rejects the call with what it threw', async () => {
    const thrown = new Error('no such class')
    const targetFn = (): never => {
      throw thrown
    }
    using explainer = new IntegratedGradients(classifier(), { ...options, targetFn })
    await expect(explainer.explain(testX)).rejects.toBe(thrown)
  })

  it('can change its copy of the predictions, and nothing else', async () => {
    const likeliest = ({ data }: NdArray): number[] =>
      [data.subarray(0, 3), data.subarray(3)].map((p) => p.indexOf(Math.max(...p)))
    const targetFn = (predictions: NdArray): number[] => {
      const target = likeliest(predictions)
      predictions.data.fill(7)
      return target
    }
    using explainer = new IntegratedGradients(classifier(), { ...options, targetFn })
    const { predictions, target } = await explainer.explain(testX)
    expect([...(target?.data ?? [])]).toEqual(likeliest(predictions))
  })
})

describe('baselines', () => {
  const form = 'a number, shape [2, 3] as x, or [3] as one example'

  it.each<[unknown, string, string]>([
    [[0, 0], 'shape [2]', form],
    [[[0, 0]], 'shape [1, 2]', form],
    [
      [
        [0, 0],
        [0, 0],
      ],
      'shape [2, 2]',
      form,
    ],
    [
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
      'shape [3, 3]',
      form,
    ],
    [[], 'shape [0]', form],
    ['black', "'black'", anArray],
    [[null], 'null at [0]', 'numbers in lists of equal lengths, of shape [1] by the first ones'],
  ])('cannot be %o', async (baselines, got, expected) => {
    using explainer = new IntegratedGradients(classifier(), options)
    const explain = (): unknown =>
      explainer.explain(testX, {
        target: 0,
        baselines: baselines as IntegratedGradientsExplainOptions['baselines'],
      })
    await expectRefusal(explain, { argument: 'baselines', got, expected })
    expect((await explainer.explain(testX, { target: 0 })).deltas.shape).toEqual([2])
  })

  it.each([NaN, Infinity, -Infinity])('cannot be %d', async (baselines) => {
    using explainer = new IntegratedGradients(classifier(), options)
    const explain = (): unknown => explainer.explain(testX, { target: 0, baselines })
    await expectError(explain, 'NonFiniteError', `baselines: ${baselines} at []`)
  })

  it.each<[unknown, string, string]>([
    [0, 'baselines: got 0', 'a list of 2, one per model input, or an object by input name'],
    [[0], 'baselines: got an array of length 1', 'a list of 2, one per model input'],
    [[0, [1, 2]], 'baselines[1]: got shape [2]', 'shape [1, 3] as x, or [3] as one example'],
    [[NaN, 0], 'baselines[0]: NaN', 'finite numbers'],
  ])('of two inputs cannot be %o', async (baselines, got, expected) => {
    using explainer = new IntegratedGradients(twoInputClassifier(), options)
    const x = [
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [[1, 2, 3]],
    ] as const
    const explain = (): unknown =>
      explainer.explain(x, {
        target: 0,
        baselines: baselines as IntegratedGradientsExplainOptions['baselines'],
      })
    const name = got.includes('NaN') ? 'NonFiniteError' : 'InvalidArgumentError'
    await expectError(explain, name, got, expected)
    const { attributions } = await explainer.explain(x, { target: 0, baselines: [null, 0.5] })
    expect(attributions.length).toBe(2)
  })

  it.each<[string, ArrayLike | null | undefined, number[]]>([
    ['none', undefined, [0, 0, 0, 0, 0, 0]],
    ['null', null, [0, 0, 0, 0, 0, 0]],
    ['a number', 0.5, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]],
    ['one example', [1, 2, 3], [1, 2, 3, 1, 2, 3]],
    ['a batch of one', [[1, 2, 3]], [1, 2, 3, 1, 2, 3]],
    [
      'x’s shape',
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [1, 2, 3, 4, 5, 6],
    ],
  ])('can be %s', async (_, baselines, expected) => {
    using explainer = new IntegratedGradients(classifier(), options)
    const explanation = await explainer.explain(testX, { target: 0, baselines })
    expect(explanation.baselines).toEqual({ data: Float64Array.from(expected), shape: [2, 3] })
  })
})

describe('forwardKwargs', () => {
  it.each<[ArrayLike, string]>([
    [1, 'shape []'],
    [[1], 'shape [1]'],
    [[[1], [2], [3]], 'shape [3, 1]'],
  ])('need a row for each example: %o', async (gain, got) => {
    using explainer = new IntegratedGradients(classifier(), options)
    await expectRefusal(() => explainer.explain(testX, { target: 0, forwardKwargs: { gain } }), {
      argument: 'forwardKwargs.gain',
      got,
      expected: '2 rows, one per example',
    })
  })

  it('must be arrays', async () => {
    using explainer = new IntegratedGradients(classifier(), options)
    const forwardKwargs = { gain: 'high' } as unknown as Record<string, ArrayLike>
    await expectRefusal(() => explainer.explain(testX, { target: 0, forwardKwargs }), {
      argument: 'forwardKwargs.gain',
      got: "'high'",
      expected: anArray,
    })
  })
})

describe('numbers that are not finite', () => {
  it('inside the model are reported with the example', async () => {
    // exp(710) and its like overflow; 1e200 · 1e200 does in float64 too.
    const huge = [
      { kernel: [[1e200], [0], [0]], bias: [0], activation: 'linear' as const },
      {
        kernel: [[1e200]],
        bias: [0],
        activation: 'linear' as const,
      },
    ]
    using explainer = new IntegratedGradients(densePredictor(huge), options)
    const x = [
      [0, 1, 2],
      [1, 1, 1],
    ]
    const error = await expectError(
      () => explainer.explain(x),
      'NonFiniteError',
      'the predictions at x: Infinity at [1, 0]; expected finite numbers.',
    )
    expect(error).toMatchObject({ index: [1, 0] })
  })

  it('at the baselines are reported as such', async () => {
    const steep = [{ kernel: [[1e30], [0], [0]], bias: [0], activation: 'linear' as const }]
    using explainer = new IntegratedGradients(densePredictor(steep), options)
    const explain = (): unknown => explainer.explain([[0, 0, 0]], { baselines: 1e10 })
    await expectError(explain, 'NonFiniteError', 'the predictions at the baselines: ')
  })

  it('in a gradient on the path are reported with step, example and element', async () => {
    const predictor = densePredictor(randomLayers([3, 3], 'linear'))
    const withHole = {
      ...predictor,
      open: async (...args: Parameters<typeof predictor.open>) => {
        const session = await predictor.open(...args)
        return {
          weightsVersion: session.weightsVersion,
          predict: session.predict.bind(session),
          lossGradients: session.lossGradients.bind(session),
          [Symbol.dispose]: session[Symbol.dispose].bind(session),
          inputGradients: async (...of: Parameters<typeof session.inputGradients>) => {
            const gradients = await session.inputGradients(...of)
            // Point 8 of two examples and five steps: step 3 of example 1.
            gradients[0]!.data[8 * 3 + 2] = NaN
            return gradients
          },
        }
      },
    }
    using explainer = new IntegratedGradients(withHole, options)
    const error = await expectError(
      () => explainer.explain(testX, { target: 0 }),
      'NonFiniteError',
      'the gradient at step 3 of the path of example 1: NaN at [1, 2]',
    )
    expect(error).toMatchObject({ index: [1, 2] })
  })

  it('that the attributions would have in float32 are reported', async () => {
    const steep = [{ kernel: [[3e38], [0], [0]], bias: [0], activation: 'linear' as const }]
    using explainer = new IntegratedGradients(densePredictor(steep), options)
    // The outputs are −2.7e38 and 2.7e38; their difference is beyond float32.
    const explain = (): unknown => explainer.explain([[0.9, 0, 0]], { baselines: [-0.9, 0, 0] })
    await expectError(
      explain,
      'NonFiniteError',
      'the attributions: Infinity at [0, 0]',
      'Look at the weights',
    )
  })
})
