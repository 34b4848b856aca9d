import * as tf from '@tensorflow/tfjs'
import { isGradlensError } from 'gradlens'
import { type FunctionModel, tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { loadGraph, node, pictureGraph, placeholder } from '../../support/models/graph-models.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { labels, randomInput, exampleCount } from '../../support/gradients/labelled-examples.js'
import { seededRandom, uniform } from '../../support/random.js'
import {
  type Differentiable,
  expectSameGradient,
  singleGradient,
} from '../../support/references/single-gradients.js'

const loss = 'sparseCategoricalCrossentropyFromLogits'
const names = Object.keys(pictureGraph().weights)
function graphReference(
  model: tf.GraphModel,
  parameterNames: readonly string[],
  output: string,
): Differentiable {
  return {
    call: (x) => model.execute(x, output) as tf.Tensor,
    parameters: parameterNames.map((name) => ({ name, tensor: model.weights[name]![0]! })),
  }
}

const functionReference = (
  call: FunctionModel['call'],
  parameters: readonly tf.Variable[],
): Differentiable => ({
  call: (x) => call(...x),
  parameters: parameters.map((tensor) => ({ name: tensor.name, tensor })),
})

const variables = (...shapes: readonly (readonly number[])[]): tf.Variable[] =>
  shapes.map((shape) => variable(shape))

function variable(shape: readonly number[], trainable = true): tf.Variable {
  const values = uniform(seededRandom(shape.length), tf.util.sizeFromShape([...shape]), [-1, 1])
  const made = tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), trainable))
  onTestFinished(() => {
    if (!made.isDisposed) made.dispose()
  })
  return made
}

async function withoutWarnings<Result>(work: () => Promise<Result>): Promise<Result> {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  try {
    const result = await work()
    expect(warn.mock.calls).toEqual([])
    return result
  } finally {
    warn.mockRestore()
  }
}

function caught(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}

/** GraphModels and functions as predictors, on every device. */

beforeAll(() => useDevice('cpu'))

describe.each(devices)('a GraphModel on %s', (device) => {
  it('has per-example gradients for its weights, equal to the loop over single examples', async () => {
    const model = await loadGraph(pictureGraph())
    const predictor = tfjsPredictor(model, { output: 'logits' })
    const trained = predictor.parameters.filter(({ trainable }) => trainable)
    expect(trained.map(({ name }) => name).toSorted()).toEqual(
      names.filter((name) => !/mean|variance/.test(name)).toSorted(),
    )
    const x = [randomInput([6, 6, 2], 3)]
    const reference = graphReference(
      model,
      trained.map(({ name }) => name),
      'logits',
    )
    using session = await predictor.open(device, { allowSoftware: true })
    const block = await withoutWarnings(() => hostGradients(session, x, labels(), loss))
    for (let row = 0; row < exampleCount; row++) {
      expectSameGradient(
        materializedGradients(block, row),
        singleGradient(reference, x, labels(), row),
        reference,
      )
    }
  })

  it('with a batch size of 1 has the predictions and gradients of one with a free batch size', async () => {
    const [many, one] = [await loadGraph(pictureGraph()), await loadGraph(pictureGraph(1))]
    const x = [randomInput([6, 6, 2], 3)]
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    using expected = await tfjsPredictor(many).open(device, { allowSoftware: true })
    using session = await tfjsPredictor(one).open(device, { allowSoftware: true })
    const [prediction, expectedPrediction] = [
      await session.predict(x, {}),
      await expected.predict(x, {}),
    ]
    expect(prediction.shape).toEqual([exampleCount, 3])
    for (const [k, value] of prediction.data.entries()) {
      expect(value).toBeCloseTo(expectedPrediction.data[k]!, 5)
    }
    const block = await hostGradients(session, x, labels(), 'sparseCategoricalCrossentropy')
    warn.mockRestore()
    const reference = graphReference(
      many,
      names.filter((name) => !/mean|variance/.test(name)),
      'logits',
    )
    for (let row = 0; row < exampleCount; row++) {
      expectSameGradient(
        materializedGradients(block, row),
        singleGradient(reference, x, labels(), row),
        reference,
      )
    }
  })

  it('has input gradients, also for the index of a class', async () => {
    const model = await loadGraph(pictureGraph())
    const x = [randomInput([6, 6, 2], 4)]
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    const [gradients] = await session.inputGradients(x, Int32Array.of(0, 1, 2, 0, 1), {})
    const expected = tf.tidy(() =>
      tf
        .grad((input: tf.Tensor) =>
          (model.execute(input, 'probabilities') as tf.Tensor).mul(
            tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1], 'int32'), 3),
          ),
        )(tf.tensor(x[0]!.data as Float32Array, x[0]!.shape as number[]))
        .dataSync(),
    )
    for (const [k, value] of expected.entries()) {
      expect(gradients!.data[k]).toBeCloseTo(value, 5)
    }
  })

  it("leaves the weights on the page's backend", async () => {
    const model = await loadGraph(pictureGraph())
    const before = model.weights['dense/kernel']![0]!.dataId
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    await session.predict([randomInput([6, 6, 2], 3)], {})
    expect(model.weights['dense/kernel']![0]!.dataId).toBe(before)
    const prediction = tf.tidy(() => (model.predict(tf.zeros([1, 6, 6, 2])) as tf.Tensor).shape)
    expect(prediction).toEqual([1, 3])
  })
})

describe('a GraphModel', () => {
  it('trains the weights that `trainable` selects, also scalars', async () => {
    const model = await loadGraph(pictureGraph())
    const { parameters } = tfjsPredictor(model, { trainable: (name) => name.startsWith('dense') })
    expect(parameters.filter(({ trainable }) => trainable).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['dense/kernel', 'dense/bias']),
    )
    expect(parameters.filter(({ trainable }) => trainable)).toHaveLength(2)
    expect(parameters.find(({ name }) => name === 'largest')?.trainable).toBe(false)
  })

  it('has only the weights that its output is computed from', async () => {
    const model = await loadGraph(pictureGraph())
    const { parameters, output } = tfjsPredictor(model, { output: 'conv' })
    expect(parameters.map(({ name }) => name).toSorted()).toEqual(['conv/bias', 'conv/filter'])
    expect(output.shape).toEqual([6, 6, 3])
  })

  it('with several outputs is refused, with the way to choose one', async () => {
    const spec = pictureGraph()
    const model = await loadGraph({
      ...spec,
      outputs: [{ name: 'logits', shape: [-1, 3] }, { name: 'conv' }],
    })
    expect(() => tfjsPredictor(model)).toThrow("2 outputs ('logits', 'conv'); expected one")
    expect(() => tfjsPredictor(model)).toThrow("{ output: 'logits' }")
    expect(tfjsPredictor(model, { output: 'logits' }).output.shape).toEqual([3])
    expect(tfjsPredictor(model, { output: 'conv' }).output.shape).toEqual([6, 6, 3])
    expect(() => tfjsPredictor(model, { output: 'logit' })).toThrow("got 'logit'")
  })

  it.each([
    { op: 'StatelessWhile', input: ['x', 'x'] },
    { op: 'NonMaxSuppressionV3', input: ['x', 'x', 'x'] },
    { op: 'LookupTableFindV2', input: ['x', 'x', 'x'] },
  ])('with the dynamic op $op is refused by that name', async ({ op, input }) => {
    const model = await loadGraph({
      nodes: [
        placeholder('x', [-1, 3]),
        node('dynamic', op, input),
        node('y', 'Relu', ['dynamic']),
      ],
      weights: {},
    })
    const refusal = caught(() => tfjsPredictor(model))
    expect(isGradlensError(refusal, 'UnsupportedError') && refusal.feature).toBe(op)
    expect(String(refusal)).toContain(`node 'dynamic' of the graph model is a ${op}`)
  })

  it('with an op that TensorFlow.js lacks is refused when the predictor is made', async () => {
    const lacking = await loadGraph({
      nodes: [placeholder('x', [-1, 3]), node('y', 'Betainc', ['x'])],
      weights: {},
    })
    expect(() => tfjsPredictor(lacking)).toThrow('Betainc')
  })

  it('with a fixed batch size of four is refused', async () => {
    const model = await loadGraph(pictureGraph(4))
    expect(() => tfjsPredictor(model)).toThrow('batches of exactly 4 examples')
  })

  it('takes token ids, which have no gradient of their own', async () => {
    const model = await loadGraph({
      nodes: [
        placeholder('ids', [-1, 4], 'DT_INT32'),
        node('rows', 'GatherV2', ['table', 'ids', 'axis']),
        node('flat', 'Reshape', ['rows', 'shape']),
        node('y', 'MatMul', ['flat', 'kernel']),
      ],
      weights: { table: [5, 2], kernel: [8, 3] },
      integers: { axis: [0], shape: [-1, 8] },
    })
    const x = [randomInput([4], 1, 5)]
    using session = await tfjsPredictor(model).open('cpu', { allowSoftware: true })
    const block = await withoutWarnings(() => hostGradients(session, x, labels(), loss))
    expect(block.segments.map(({ kind }) => kind).toSorted()).toEqual(['factored', 'lookup'])
    await expect(session.inputGradients(x, new Int32Array(exampleCount), {})).rejects.toThrow(
      "input 'ids' of the graph model takes integers",
    )
  })

  it('whose weights the page has disposed is refused', async () => {
    const model = await loadGraph(pictureGraph())
    const predictor = tfjsPredictor(model)
    model.dispose()
    const refusal = caught(() => predictor.parameters)
    expect(isGradlensError(refusal, 'DisposedError')).toBe(true)
  })
})

describe.each(devices)('a function with variables on %s', (device) => {
  it('has per-example gradients, equal to the loop over single examples, frozen variables left out', async () => {
    const [w, u, b] = variables([4, 6], [6, 3], [3])
    const frozen = variable([6], false)
    const call = (x: tf.Tensor): tf.Tensor =>
      tf
        .tanh(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D).add(frozen))
        .matMul(u!)
        .add(b!)
    const predictor = tfjsPredictor({
      call,
      variables: [w!, u!, b!, frozen],
      inputs: [{ shape: [4] }],
    })
    expect(predictor.output.shape).toEqual([3])
    expect(predictor.parameters.map(({ trainable }) => trainable)).toEqual([
      true,
      true,
      true,
      false,
    ])
    const x = [randomInput([4], 8)]
    const reference = functionReference(call, [w!, u!, b!])
    using session = await predictor.open(device, { allowSoftware: true })
    const block = await withoutWarnings(() => hostGradients(session, x, labels(), loss))
    for (let row = 0; row < exampleCount; row++) {
      expectSameGradient(
        materializedGradients(block, row),
        singleGradient(reference, x, labels(), row),
        reference,
      )
    }
  })

  it('sees a variable that was assigned as another version of the weights', async () => {
    const [w] = variables([4, 3])
    using session = await tfjsPredictor({
      call: (x) => tf.matMul(x, w as tf.Tensor2D),
      variables: [w!],
      inputs: [{ shape: [4] }],
    }).open(device, { allowSoftware: true })
    const x = [randomInput([4], 8)]
    await session.predict(x, {})
    const before = session.weightsVersion
    expect(session.weightsVersion).toBe(before)
    tf.tidy(() => {
      w!.assign(tf.zeros([4, 3]))
    })
    expect(session.weightsVersion).not.toBe(before)
    expect([...(await session.predict(x, {})).data]).toEqual(new Array(exampleCount * 3).fill(0))
  })
})

describe('a function with variables', () => {
  const valid = (): FunctionModel => {
    const [w] = variables([4, 3])
    return {
      call: (x) => tf.matMul(x, w as tf.Tensor2D),
      variables: [w!],
      inputs: [{ shape: [4] }],
    }
  }

  it('accepts several inputs by name, and its output shape for an axis of any length', () => {
    const [w] = variables([4, 3])
    const predictor = tfjsPredictor({
      name: 'pairs',
      call: (a, b) => tf.matMul(a.add(b).mean<tf.Tensor2D>(1), w!),
      variables: [w!],
      inputs: [
        { shape: [null, 4], name: 'left' },
        { shape: [null, 4], dtype: 'int32' },
      ],
      outputShape: [3],
    })
    expect(predictor.name).toBe('pairs')
    expect(predictor.inputs).toEqual([
      { name: 'left', shape: [null, 4], dtype: 'float32' },
      { name: 'x1', shape: [null, 4], dtype: 'int32' },
    ])
    expect(predictor.output).toEqual({ name: 'output', shape: [3], dtype: 'float32' })
  })

  it.each<{ title: string; change: object; message: string }>([
    {
      title: 'an open length without output shape',
      change: { inputs: [{ shape: [null] }] },
      message: 'Give outputShape',
    },
    { title: 'no inputs', change: { inputs: undefined }, message: 'model.inputs: got undefined' },
    {
      title: 'a shape of zero',
      change: { inputs: [{ shape: [0] }] },
      message: 'model.inputs[0]',
    },
    {
      title: 'a tensor among its variables',
      change: { variables: [undefined] },
      message: 'model.variables[0]: got undefined',
    },
    {
      title: 'a key that nobody reads',
      change: { weights: [] },
      message: "model: got 'weights'",
    },
    {
      title: 'an output without batch axis',
      change: { call: (x: tf.Tensor) => x.mean() },
      message: 'the examples along the first axis',
    },
    {
      title: 'a promise as its result',
      change: { call: (x: tf.Tensor) => Promise.resolve(x) },
      message: 'a promise returned',
    },
    {
      title: 'a failing call',
      change: { call: (x: tf.Tensor) => tf.matMul(x, tf.zeros([5, 1])) },
      message: "fails on zeros of its inputs' shapes",
    },
  ])('is refused with $title', ({ change, message }) => {
    const model = { ...valid(), ...change }
    expect(() => tfjsPredictor(model)).toThrow(message)
  })

  it('is refused if a variable is listed twice or disposed', () => {
    const model = valid()
    const twice = { ...model, variables: [...model.variables, ...model.variables] }
    expect(() => tfjsPredictor(twice)).toThrow('the same variable twice')
    const predictor = tfjsPredictor(model)
    model.variables[0]!.dispose()
    expect(
      isGradlensError(
        caught(() => predictor.parameters),
        'DisposedError',
      ),
    ).toBe(true)
  })

  it("accepts no option but preprocess, and no named arguments that aren't inputs", async () => {
    const model = valid()
    expect(() => tfjsPredictor(model as unknown as tf.GraphModel, { output: 'y' })).toThrow(
      'only preprocess',
    )
    using session = await tfjsPredictor(model).open('cpu', { allowSoftware: true })
    const x = randomInput([4], 1)
    await expect(session.predict([x], { mask: x })).rejects.toThrow(
      "forwardKwargs: got 'mask', which is not an input of model 'function'; expected one of 'x0'",
    )
  })
})
