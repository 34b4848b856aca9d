import * as tf from '@tensorflow/tfjs'
import {
  type ArrayLike,
  GradientSimilarity,
  type Inputs,
  IntegratedGradients,
  type NdArray,
} from 'gradlens'
import { beforeAll, describe, expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { useDevice } from '../../support/devices/devices.js'
import { expectError, expectRefusal } from '../../support/refusals.js'
import {
  classifier,
  randomLayers,
  testX,
  trainClasses,
  trainX,
  twoInputClassifier,
} from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'
const anArray = 'a number, a typed array, nested lists of these, { data, shape } or a tensor'
const someNumbers = 'a typed array or a list of numbers as data'
const int32Range = '64-bit integers from -2147483648 to 2147483647, which int32 can hold'
const shapeOfX = "shape [examples, 3] for model input 'input0'"

/** What is no array of numbers, and what an error has to say of it. */
const noArrays: readonly (readonly [unknown, string, string])[] = [
  [undefined, 'undefined', anArray],
  [null, 'null', anArray],
  ['1, 2, 3', "'1, 2, 3'", anArray],
  [5n, '5n', anArray],
  [new Date(0), 'an object (Date)', anArray],
  [Object.create(null), 'an object (Object)', anArray],
  [{ shape: [2, 3] }, 'shape [2, 3]', anArray],
  [{ data: [1, '2', 3], shape: [1, 3] }, "'2' at 1 of data", 'numbers as data'],
  [{ data: 'abc', shape: [1, 3] }, "'abc'", someNumbers],
  [
    { data: BigInt64Array.of(1n, 2n ** 31n, 3n), shape: [1, 3] },
    '2147483648n at 1 of data',
    int32Range,
  ],
  [
    { data: BigInt64Array.of(-(2n ** 31n) - 1n), shape: [1] },
    '-2147483649n at 0 of data',
    int32Range,
  ],
  [
    { data: BigUint64Array.of(2n ** 64n - 1n), shape: [1] },
    '18446744073709551615n at 0 of data',
    int32Range,
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], dims: [3, 2] },
    'shape [2, 3] and dims [3, 2]',
    'only one of the two, or both the same',
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], stride: [3, 1], strides: [1, 2] },
    'stride [3, 1] and strides [1, 2]',
    'only one of the two, or both the same',
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], stride: [1] },
    'stride [1] for shape [2, 3]',
    '2 integers, one per axis, counted in elements',
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], strides: [1.5, 2] },
    'strides [1.5, 2] for shape [2, 3]',
    '2 integers, one per axis, counted in elements',
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], strides: 'C' },
    "strides 'C' for shape [2, 3]",
    '2 integers, one per axis, counted in elements',
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], strides: [12, 4] },
    'shape [2, 3] with strides [12, 4] and offset 0, which reads the elements from 0 to 20 of 6',
    'strides that stay between 0 and 5, counted in elements, not in bytes',
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], strides: [3, -1], offset: 1 },
    'shape [2, 3] with strides [3, -1] and offset 1, which reads the elements from -1 to 4 of 6',
    'strides that stay between 0 and 5, counted in elements, not in bytes',
  ],
  [
    { data: new Float32Array(6), shape: [2, 3], offset: -1 },
    'offset -1',
    'an integer of 0 or more, the position in data of the first element',
  ],
  [
    { data: new Uint16Array(3), dims: [1, 3], type: 'float16' },
    "a tensor of type 'float16', whose data are the bits of its numbers",
    "type 'float32': cast it in the model, or decode it first",
  ],
  [
    { data: null, dims: [1, 3], type: 'float32', location: 'gpu-buffer' },
    "a tensor whose data are on the GPU ('gpu-buffer')",
    "one whose data are on the CPU: await the tensor's getData() first",
  ],
  [{ data: new DataView(new ArrayBuffer(8)), shape: [1, 3] }, 'an object (DataView)', someNumbers],
  [{ data: new Float32Array(5), shape: [2, 3] }, '5 elements for shape [2, 3]', '6 elements'],
  [
    { data: new Float32Array(5), shape: [2.5, 2] },
    'shape [2.5, 2]',
    'a shape of integers of 0 or more',
  ],
  [
    { data: new Float32Array(6), shape: [-2, -3] },
    'shape [-2, -3]',
    'a shape of integers of 0 or more',
  ],
  [{ data: new Float32Array(6), shape: 6 }, 'shape 6', 'a shape of integers of 0 or more'],
  [
    { data: new Float32Array(6), shape: ['2', 3] },
    'shape [2, 3]',
    'a shape of integers of 0 or more',
  ],
  [
    [
      [1, 2, 3],
      [4, 5],
    ],
    'an array of length 2 at [1]',
    'numbers in lists of equal lengths, of shape [2, 3] by the first ones',
  ],
  [
    [[1, 2, 3], 4],
    '4 at [1]',
    'numbers in lists of equal lengths, of shape [2, 3] by the first ones',
  ],
  [
    [[1, 2, '3']],
    "'3' at [0, 2]",
    'numbers in lists of equal lengths, of shape [1, 3] by the first ones',
  ],
  [
    [['a', 'b', 'c']],
    "'a' at [0, 0]",
    'numbers in lists of equal lengths, of shape [1, 3] by the first ones',
  ],
  [[null, 1], 'null at [0]', 'numbers in lists of equal lengths, of shape [2] by the first ones'],
  [
    [[1, 2, 3n]],
    '3n at [0, 2]',
    'numbers in lists of equal lengths, of shape [1, 3] by the first ones',
  ],
  [
    [new Float32Array(3), new Float32Array(2)],
    'a Float32Array of length 2 at [1]',
    'typed arrays of equal lengths, of shape [2, 3] by the first one',
  ],
  [
    [new Float32Array(3), [1, 2, 3]],
    'an array of length 3 at [1]',
    'typed arrays of equal lengths, of shape [2, 3] by the first one',
  ],
  [
    [[1, 2, 3], new Float32Array(3)],
    'a Float32Array of length 3 at [1]',
    'numbers in lists of equal lengths, of shape [2, 3] by the first ones',
  ],
]

/** What has numbers, but not those of an example of three. */
const wrongShapes: readonly (readonly [ArrayLike, string, string])[] = [
  [[[1, 2]], 'shape [1, 2]', shapeOfX],
  [[1, 2, 3, 4], 'shape [4]', shapeOfX],
  [[[[1, 2, 3]]], 'shape [1, 1, 3]', shapeOfX],
  [7, 'shape []', shapeOfX],
  [[], 'nothing, shape [0]', 'one example or more, none of them empty'],
  [[[], []], 'nothing, shape [2, 0]', 'one example or more, none of them empty'],
  [
    { data: new Float32Array(), shape: [0, 3] },
    'nothing, shape [0, 3]',
    'one example or more, none of them empty',
  ],
]

const notFinite: readonly (readonly [ArrayLike, string])[] = [
  [[[1, 2, NaN]], 'NaN at [0, 2]'],
  [
    [
      [1, 2, 3],
      [4, Infinity, NaN],
    ],
    'Infinity at [1, 1]',
  ],
  [{ data: Float32Array.of(0, 1, -Infinity), shape: [1, 3] }, '-Infinity at [0, 2]'],
  [[1, NaN, 3], 'NaN at [0, 1]'],
  [[[1, 2, 1e39]], '1e+39 at [0, 2]'],
]

describe('GradientSimilarity.fit', () => {
  const make = (): GradientSimilarity<NdArray> =>
    new GradientSimilarity(classifier(), loss, { device: 'cpu' })

  it.each([...noArrays, ...wrongShapes])('refuses xTrain %o', async (value, got, expected) => {
    using explainer = make()
    const fit = (): unknown => explainer.fit(value as Inputs, [0])
    await expectRefusal(fit, { argument: 'xTrain', got, expected })
    await explainer.fit(trainX, trainClasses)
    expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
  })

  it.each(notFinite)(
    'refuses xTrain with a number that is not finite: %o',
    async (value, found) => {
      using explainer = make()
      await expectError(() => explainer.fit(value, [0, 1]), 'NonFiniteError', `xTrain: ${found}`)
    },
  )
})

describe('GradientSimilarity.explain', () => {
  it.each([...noArrays, ...wrongShapes])(
    'refuses x %o, and explains the next one',
    async (value, got, expected) => {
      using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
      await explainer.fit(trainX, trainClasses)
      const before = await explainer.explain(testX)
      const explain = (): unknown => explainer.explain(value as Inputs)
      await expectRefusal(explain, { argument: 'x', got, expected })
      expect((await explainer.explain(testX)).toJSON()).toEqual(before.toJSON())
    },
  )

  it('refuses to explain before fit, and asks to call it', async () => {
    using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
    await expectError(
      () => explainer.explain(testX),
      'NotFittedError',
      'explain was called before fit; call fit(xTrain, yTrain) first.',
    )
    await explainer.fit(trainX, trainClasses)
    expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
  })
})

describe('IntegratedGradients.explain', () => {
  it.each([...noArrays, ...wrongShapes])(
    'refuses x %o, and explains the next one',
    async (value, got, expected) => {
      using explainer = new IntegratedGradients(classifier(), { device: 'cpu' })
      const explain = (): unknown => explainer.explain(value as Inputs, { target: 0 })
      await expectRefusal(explain, { argument: 'x', got, expected })
      expect((await explainer.explain(testX, { target: 0 })).deltas.shape).toEqual([2])
    },
  )

  it.each(notFinite)('refuses x with a number that is not finite: %o', async (value, found) => {
    using explainer = new IntegratedGradients(classifier(), { device: 'cpu' })
    const error = await expectError(
      () => explainer.explain(value, { target: 0 }),
      'NonFiniteError',
      `x: ${found}; expected finite numbers.`,
    )
    const at = /\[(.*)\]/.exec(found)?.[1]?.split(', ').map(Number)
    expect(error).toMatchObject({ index: at })
  })

  it('explains why a number beyond float32 is refused', async () => {
    using explainer = new IntegratedGradients(classifier(), { device: 'cpu' })
    const explain = (): unknown => explainer.explain([[0, 0, -1e39]], { target: 0 })
    await expectError(explain, 'NonFiniteError', 'beyond ±3.4e38, the range of float32; scale')
  })
})

describe('a model of two inputs', () => {
  const picture = [
    [
      [1, 2],
      [3, 4],
    ],
  ]

  it.each([
    [[picture], 'an array of length 1'],
    [[picture, [1, 2, 3], [1]], 'an array of length 3'],
    [{ data: new Float32Array(7), shape: [1, 7] }, 'shape [1, 7]'],
    [undefined, 'undefined'],
  ])('needs a list of two arrays, not %o', async (x, got) => {
    using explainer = new IntegratedGradients(twoInputClassifier(), { device: 'cpu' })
    await expectRefusal(() => explainer.explain(x as Inputs, { target: 0 }), {
      argument: 'x',
      got,
      expected:
        "a list of 2 arrays, one per model input, or an object of arrays by input name ('input0', 'input1')",
    })
  })

  it('names the input whose shape is wrong', async () => {
    using explainer = new IntegratedGradients(twoInputClassifier(), { device: 'cpu' })
    await expectRefusal(() => explainer.explain([picture, [[1, 2]]], { target: 0 }), {
      argument: 'x[1]',
      got: 'shape [1, 2]',
      expected: "shape [examples, 3] for model input 'input1'",
    })
  })

  it('names the input that holds a NaN', async () => {
    using explainer = new GradientSimilarity(twoInputClassifier(), loss, { device: 'cpu' })
    const fit = (): unknown => explainer.fit([picture, [[1, NaN, 2]]], [0])
    await expectError(fit, 'NonFiniteError', 'xTrain[1]: NaN at [0, 1]')
  })

  it('needs as many examples in one input as in the other', async () => {
    using explainer = new GradientSimilarity(twoInputClassifier(), loss, { device: 'cpu' })
    await expectRefusal(() => explainer.fit([picture, trainX], [0]), {
      argument: 'xTrain',
      got: 'inputs of 1, 6 examples',
      expected: 'the same number of examples in each',
    })
  })

  it('accepts single examples without a batch axis', async () => {
    using explainer = new IntegratedGradients(twoInputClassifier(), { device: 'cpu' })
    const [single] = picture
    const { attributions } = await explainer.explain([single!, [1, 2, 3]], { target: 0 })
    expect(attributions.map(({ shape }) => shape)).toEqual([
      [1, 2, 2],
      [1, 3],
    ])
  })
})

it('reads a single example without a batch axis as a batch of one', async () => {
  using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
  await explainer.fit(trainX, trainClasses)
  const alone = await explainer.explain(testX[0]!)
  const batch = await explainer.explain([testX[0]!])
  expect(alone.toJSON()).toEqual(batch.toJSON())
})

it('refuses an empty sequence where a model takes any length', async () => {
  const predictor = densePredictor(randomLayers([3, 3], 'softmax'))
  const anyLength = { ...predictor, inputs: [{ ...predictor.inputs[0]!, shape: [null] }] }
  using explainer = new IntegratedGradients(anyLength, { device: 'cpu' })
  await expectRefusal(() => explainer.explain([], { target: 0 }), {
    argument: 'x',
    got: 'nothing, shape [0]',
    expected: 'one example or more, none of them empty',
  })
})

describe('tensors of TensorFlow.js', () => {
  beforeAll(() => useDevice('cpu'))

  it('are read, and still belong to the page', async () => {
    using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu' })
    const tensors = [
      tf.tensor2d(trainX.map((row) => [...row])),
      tf.tensor1d([...trainClasses], 'int32'),
    ]
    await explainer.fit(tensors[0]!, tensors[1]!)
    const fromTensors = await explainer.explain(testX)
    expect(tensors.every((tensor) => !tensor.isDisposed)).toBe(true)
    tf.dispose(tensors)
    await explainer.fit(trainX, trainClasses)
    expect((await explainer.explain(testX)).orderedIndices).toEqual(fromTensors.orderedIndices)
  })

  it('that are disposed are refused', async () => {
    using explainer = new IntegratedGradients(classifier(), { device: 'cpu' })
    const tensor = tf.ones([1, 3])
    tensor.dispose()
    await expectRefusal(() => explainer.explain(tensor, { target: 0 }), {
      argument: 'x',
      got: 'a tensor that cannot be read (Tensor is disposed.)',
      expected: 'a tensor that is not disposed; dispose of it after the call',
    })
  })

  it('of strings are refused', async () => {
    using explainer = new IntegratedGradients(classifier(), { device: 'cpu' })
    const tensor = tf.tensor2d([['a', 'b', 'c']])
    await expectRefusal(() => explainer.explain(tensor, { target: 0 }), {
      argument: 'x',
      got: "'a' at 0 of data",
      expected: 'numbers as data',
    })
    tensor.dispose()
  })
})
