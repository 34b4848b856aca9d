import {
  ExpectedGradients,
  Gradient,
  GradientSimilarity,
  type GradientSimilarityOptions,
  IntegratedGradients,
  type IntegratedGradientsOptions,
  type LossName,
  lossNames,
  MemoryStore,
} from 'gradlens'
import { describe, expect, it, vi } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { expectError, expectRefusal } from '../../support/refusals.js'
import {
  classifier,
  randomLayers,
  testX,
  trainClasses,
  trainX,
} from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'

const lossForms = `a function (yTrue, yPred) => loss, { value, gradient }, { name, ...options }, or one of ${lossNames
  .map((name) => `'${name}'`)
  .join(', ')}`
const simFns = "one of 'grad_dot', 'grad_cos', 'grad_asym_dot'"
const methods =
  "one of 'riemann_left', 'riemann_right', 'riemann_middle', 'riemann_trapezoid', 'gausslegendre'"
const deviceNames = "one of 'auto', 'webgpu', 'native', 'wasm', 'cpu'"
const count = 'an integer of 1 or more'

describe('GradientSimilarity refuses', () => {
  it.each([
    ['simFn', 'cosine', "'cosine'", simFns],
    ['simFn', 'GRAD_COS', "'GRAD_COS'", simFns],
    ['simFn', '', "''", simFns],
    ['simFn', () => 0, 'a function', simFns],
    ['simFn', 1n, '1n', simFns],
    ['simFn', Object.create(null) as object, 'an object (Object)', simFns],
    ['simFn', 'x'.repeat(100), `'${'x'.repeat(60)}…'`, simFns],
    ['task', 'clustering', "'clustering'", "one of 'classification', 'regression'"],
    ['device', 'gpu', "'gpu'", deviceNames],
    ['device', ['wasm', 'cpu'], 'an array of length 2', deviceNames],
    ['topK', 0, '0', count],
    ['topK', 1.5, '1.5', count],
    ['topK', -1, '-1', count],
    ['topK', NaN, 'NaN', count],
    ['topK', '5', "'5'", count],
    ['batchSize', 0, '0', count],
    ['batchSize', 2.5, '2.5', count],
    ['batchSize', Infinity, 'Infinity', count],
    ['eps', -1e-7, '-1e-7', 'a finite number of 0 or more'],
    ['eps', NaN, 'NaN', 'a finite number of 0 or more'],
    ['eps', Infinity, 'Infinity', 'a finite number of 0 or more'],
  ])('the option %s: %o', async (argument, value, got, expected) => {
    const options = { [argument]: value } as unknown as GradientSimilarityOptions
    const make = (): unknown => new GradientSimilarity(classifier(), loss, options)
    await expectRefusal(make, { argument, got, expected })
  })

  it('an unknown option', async () => {
    const options = { simFN: 'grad_cos' } as GradientSimilarityOptions
    await expectRefusal(() => new GradientSimilarity(classifier(), loss, options), {
      argument: 'options',
      got: "'simFN'",
      expected:
        'only simFn, task, precomputeGrads, store, storeDtype, storeExamples, storeRowsPerChunk, projection, ' +
        'parameters, maxBytes, maxGpuBytes, topK, eps, device, batchSize, verbose',
    })
  })

  it.each([
    [
      { projection: { size: 64 } },
      'precomputeGrads',
      'false, with a projection',
      'true: gradients that are not kept need not be made smaller',
    ],
    [{ precomputeGrads: true, projection: 64 }, 'projection', '64', 'an object: { size, seed }'],
    [
      { precomputeGrads: true, projection: { size: 64, sed: 1 } },
      'projection',
      "'sed'",
      'only size, seed',
    ],
    [{ precomputeGrads: true, projection: {} }, 'projection.size', 'undefined', count],
    [{ precomputeGrads: true, projection: { size: 0.5 } }, 'projection.size', '0.5', count],
    [
      { precomputeGrads: true, projection: { size: 64, seed: -1 } },
      'projection.seed',
      '-1',
      'an integer from 0 to 4294967295',
    ],
  ])('an impossible option of a projection: %o', async (given, argument, got, expected) => {
    const options = given as GradientSimilarityOptions
    await expectRefusal(() => new GradientSimilarity(classifier(), loss, options), {
      argument,
      got,
      expected,
    })
  })

  it.each([
    [
      { store: new MemoryStore() },
      'precomputeGrads',
      'false, with a store',
      'true, which fills the store; or GradientSimilarity.open, which explains from one',
    ],
    [
      { storeExamples: 'https://example.org/digits' },
      'storeExamples',
      "'https://example.org/digits'",
      "true, false, or an address in which '{id}' is the index of an example",
    ],
    [{ storeDtype: 'float64' }, 'storeDtype', "'float64'", "one of 'float32', 'float16'"],
    [{ storeRowsPerChunk: 0 }, 'storeRowsPerChunk', '0', 'an integer of 1 or more'],
    [{ maxGpuBytes: 0.5 }, 'maxGpuBytes', '0.5', 'an integer of 1 or more'],
  ])('an impossible option of a store: %o', async (given, argument, got, expected) => {
    const options = given as GradientSimilarityOptions
    await expectRefusal(() => new GradientSimilarity(classifier(), loss, options), {
      argument,
      got,
      expected,
    })
  })

  it.each([
    [
      'signal',
      new AbortController(),
      'an object (AbortController)',
      "an AbortSignal; of an AbortController, its 'signal'",
    ],
    ['onProgress', 'log', "'log'", 'a function'],
  ])(
    'a call with the wrong kind of %s, and takes the next one',
    async (argument, value, got, expected) => {
      using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
      const options = { [argument]: value } as object
      const refusal = { argument, got, expected }
      await expectRefusal(() => explainer.fit(trainX, trainClasses, options), refusal)
      await explainer.fit(trainX, trainClasses)
      await expectRefusal(() => explainer.explain(testX, undefined, options), refusal)
      expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
    },
  )

  it.each([
    ['crossentropy', "'crossentropy'"],
    [undefined, 'undefined'],
    [null, 'null'],
    [{}, 'an object (Object)'],
  ])('the loss %o', async (lossFn, got) => {
    const make = (): unknown => new GradientSimilarity(classifier(), lossFn as LossName)
    await expectRefusal(make, { argument: 'lossFn', got, expected: lossForms })
  })

  it.each([
    ['simFn', 'cosine', "'cosine'", simFns],
    ['topK', 0, '0', count],
    ['topK', 1.5, '1.5', count],
  ])('%s: %o in a call, and explains the next one', async (argument, value, got, expected) => {
    using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
    await explainer.fit(trainX, trainClasses)
    const options = { [argument]: value } as object
    await expectRefusal(() => explainer.explain(testX, undefined, options), {
      argument,
      got,
      expected,
    })
    expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
  })

  it('a model without trainable parameters, and says what to do', async () => {
    const frozen = randomLayers([3, 3], 'softmax').map((layer) => ({ ...layer, trainable: false }))
    const error = await expectError(
      () => new GradientSimilarity(densePredictor(frozen), loss),
      'UnsupportedError',
      "model 'dense-net' has 2 parameters, and none of them is trainable",
      'Set trainable = true',
    )
    expect(error).toMatchObject({ feature: 'no trainable parameters' })
    await expectError(
      () => new GradientSimilarity(densePredictor([]), loss),
      'UnsupportedError',
      'has 0 parameters',
    )
  })

  it('a later model without trainable parameters, and keeps its own', async () => {
    const frozen = randomLayers([3, 3], 'softmax').map((layer) => ({ ...layer, trainable: false }))
    using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
    await explainer.fit(trainX, trainClasses)
    const before = await explainer.explain(testX)
    const reset = (): void => {
      explainer.resetPredictor(densePredictor(frozen))
    }
    await expectError(reset, 'UnsupportedError', 'none of them is trainable')
    expect((await explainer.explain(testX)).toJSON()).toEqual(before.toJSON())
  })

  it('nothing about frozen parameters next to trainable ones, but names them once for each model', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const layers = randomLayers([3, 4, 3], 'softmax')
    const predictor = densePredictor(layers.map((layer, i) => ({ ...layer, trainable: i === 1 })))
    using explainer = new GradientSimilarity(predictor, loss, { device: 'cpu' })
    expect(warn.mock.calls).toEqual([
      [
        "gradlens: 2 of the 4 parameters of model 'dense-net' are not trainable, so similarity ignores them: '0/kernel', '0/bias'.",
      ],
    ])
    using second = new GradientSimilarity(predictor, loss, { device: 'cpu' })
    expect(second.device).toBeNull()
    expect(warn.mock.calls).toHaveLength(1)
    await explainer.fit(trainX, trainClasses)
    expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
    warn.mockRestore()
  })
})

describe('IntegratedGradients refuses', () => {
  it('an unknown option', async () => {
    const options = { steps: 10 } as IntegratedGradientsOptions
    await expectRefusal(() => new IntegratedGradients(classifier(), options), {
      argument: 'options',
      got: "'steps'",
      expected:
        'only layer, targetFn, method, nSteps, tolerance, maxSteps, internalBatchSize, device, verbose',
    })
  })

  it.each([
    ['method', 'simpson', "'simpson'", methods],
    ['method', 7, '7', methods],
    ['nSteps', 0, '0', count],
    ['nSteps', -3, '-3', count],
    ['nSteps', 2.5, '2.5', count],
    ['nSteps', '50', "'50'", count],
    ['internalBatchSize', 0, '0', count],
    ['internalBatchSize', NaN, 'NaN', count],
    ['device', 'tpu', "'tpu'", deviceNames],
    ['targetFn', 3, '3', 'a function'],
    ['targetFn', 'argmax', "'argmax'", 'a function'],
  ])('the option %s: %o', async (argument, value, got, expected) => {
    const options = { [argument]: value } as unknown as IntegratedGradientsOptions
    const make = (): unknown => new IntegratedGradients(classifier(), options)
    await expectRefusal(make, { argument, got, expected })
  })

  it('a trapezoid of one step, which has no two ends', async () => {
    const make = (): unknown =>
      new IntegratedGradients(classifier(), { method: 'riemann_trapezoid', nSteps: 1 })
    await expectRefusal(make, {
      argument: 'nSteps',
      got: '1',
      expected: "2 or more for 'riemann_trapezoid'",
    })
  })
})

describe('explain refuses an unknown option', () => {
  const calls = ', signal, onProgress'
  it.each<[string, object, string, (options: object) => Promise<unknown>]>([
    [
      'GradientSimilarity',
      { topk: 3 },
      `topK, simFn, ranking${calls}`,
      async (options) => {
        using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
        await explainer.fit(trainX, trainClasses)
        await explainer.explain(testX, undefined, options)
      },
    ],
    [
      'IntegratedGradients',
      { baseline: 0.5 },
      `forwardKwargs, baselines, target, attributeToLayerInputs${calls}`,
      (options) => new IntegratedGradients(classifier()).explain(testX, options),
    ],
    [
      'ExpectedGradients',
      { baselines: 0.5 },
      `background, forwardKwargs, target, attributeToLayerInputs${calls}`,
      (options) =>
        new ExpectedGradients(classifier()).explain(testX, { background: testX, ...options }),
    ],
    [
      'Gradient',
      { targets: 1 },
      `target${calls}`,
      (options) => new Gradient(classifier()).explain(testX, options),
    ],
  ])('%s: %o', async (_, options, names, explain) => {
    const [got = ''] = Object.keys(options)
    await expectRefusal(() => explain(options), {
      argument: 'options',
      got: `'${got}'`,
      expected: `only ${names}`,
    })
  })

  it('attributeToLayerInputs without a layer', async () => {
    const refusal = {
      argument: 'attributeToLayerInputs',
      got: 'true, without a layer',
      expected:
        'the option layer of the explainer; without it, the inputs of the model are attributed',
    }
    const options = { target: 0, attributeToLayerInputs: true }
    const path = new IntegratedGradients(classifier())
    await expectRefusal(() => path.explain(testX, options), refusal)
    const sampled = new ExpectedGradients(classifier())
    await expectRefusal(() => sampled.explain(testX, { background: testX, ...options }), refusal)
  })
})

describe.each([
  ['GradientSimilarity', (model: never): unknown => new GradientSimilarity(model, loss)],
  ['IntegratedGradients', (model: never): unknown => new IntegratedGradients(model)],
])("%s refuses values that aren't predictors", (_, make) => {
  const expected =
    "a Predictor; wrap a TensorFlow.js model: tfjsPredictor(model), from 'gradlens/tfjs'"

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [{ inputs: [], outputs: [], layers: [] }, 'an object (Object)'],
    [() => 0, 'a function'],
  ])('%o', async (model, got) => {
    await expectRefusal(() => make(model as never), { argument: 'predictor', got, expected })
  })
})

it.each(['webgpu', 'wasm'] as const)(
  'a predictor that has no %s gives a DeviceError, and names the device',
  async (device) => {
    using similarity = new GradientSimilarity(classifier(), loss, { device })
    await similarity.fit(trainX, trainClasses)
    const error = await expectError(() => similarity.explain(testX), 'DeviceError', device)
    expect(error).toMatchObject({ device })
    using gradients = new IntegratedGradients(classifier(), { device })
    await expectError(() => gradients.explain(testX, { target: 0 }), 'DeviceError', device)
    expect(gradients.device).toBeNull()
  },
)
