import { GradientSimilarity, isGradlensError } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { toFloat16Bits } from '../../../src/float16.js'
import { float } from '../../../src/onnx/model/attributes.js'
import type { OnnxNode, OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { createTensor } from '../../../src/onnx/model/tensor-data.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { denseModel } from '../../support/onnx/dense-models.js'
import {
  externalModel,
  modelWith,
  writeInteger,
  writeString,
} from '../../support/onnx/external-model.js'
import {
  bytesOf,
  floats,
  integers,
  nodeOf,
  type TestModel,
} from '../../support/onnx/onnx-models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectNear } from '../../support/references/differences.js'

const random = seededRandom(2)
const dense = denseModel({
  weights: [
    [
      [1, 2],
      [-1, 0.5],
    ],
    [0.1, 0.2],
  ],
  activations: ['softmax'],
})

/** The same kernels on the same numbers. */
const tolerance = 1e-6

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(isGradlensError(error)).toBe(true)
  return error as Error
}

describe("bytes that aren't an ONNX model", () => {
  it('are refused when they are cut off, wherever that is', async () => {
    for (let length = 0; length < dense.length; length += 7) {
      const { message } = await failureOf(onnxPredictor(ort, dense.slice(0, length)))
      expect(message).toMatch(/model: got|its input|outputs/)
    }
  })

  it('are refused when they are something else', async () => {
    const text = new TextEncoder().encode('{"modelTopology": {"class_name": "Sequential"}}')
    expect(await failureOf(onnxPredictor(ort, text))).toMatchObject({ argument: 'model' })
    const list = [1, 2] as unknown as Uint8Array
    expect(await failureOf(onnxPredictor(ort, list))).toMatchObject({ argument: 'model' })
    const module = {} as typeof ort
    expect(await failureOf(onnxPredictor(module, dense))).toMatchObject({ argument: 'ort' })
  })
})

/** x [2, 4, 4] goes through all operators whose attributes became inputs later. */
const oldForms: TestModel = {
  nodes: [
    nodeOf('Clip', ['x'], 'clipped', { min: float(-0.6), max: float(0.7) }),
    nodeOf('Pad', ['clipped'], 'padded', {
      pads: [0, 0, 1, 0, 0, 0, 0, 1],
      mode: 'constant',
      value: float(0.3),
    }),
    nodeOf('Slice', ['padded'], 'part', { starts: [0, 1], ends: [2, 2 ** 63], axes: [1, 2] }),
    nodeOf('Upsample', ['part', 'scales'], 'larger', { mode: 'nearest' }),
    nodeOf('Unsqueeze', ['larger'], 'deeper', { axes: [1] }),
    nodeOf('Squeeze', ['deeper'], 'back', { axes: [1] }),
    nodeOf('ReduceMean', ['back'], 'mean', { axes: [3], keepdims: 0 }),
    nodeOf('ReduceSum', ['mean'], 'sum', { axes: [1], keepdims: 0 }),
    { ...nodeOf('Split', ['sum'], 'left', { axis: 1, split: [3, 5] }), outputs: ['left', 'right'] },
    nodeOf('Concat', ['right', 'left'], 'swapped', { axis: 1 }),
    { ...nodeOf('TopK', ['swapped'], 'top', { k: 6 }), outputs: ['top', 'places'] },
    nodeOf('Reshape', ['top', 'pairs'], 'paired'),
    // Before version 13, all axes from the second on count as one.
    nodeOf('Softmax', ['paired'], 'shares'),
    nodeOf('Dropout', ['shares'], 'kept', { ratio: float(0.4) }),
    nodeOf('Flatten', ['kept'], 'flat'),
    nodeOf('MatMul', ['flat', 'w'], 'y'),
  ],
  constants: {
    pairs: integers(-1, 2, 3),
    scales: floats([1, 1, 2, 1], [4]),
    w: floats(uniform(random, 12, [-1, 1]), [6, 2]),
  },
  inputs: { x: [2, 4, 4] },
  outputs: ['y'],
  opset: 9,
}

describe('a model of an old operator set', () => {
  it('predicts what ONNX Runtime predicts with the file as it is, and has gradients', async () => {
    const bytes = bytesOf(oldForms)
    const x = { data: uniform(random, 3 * 32, [-1, 1]), shape: [3, 2, 4, 4] }
    const original = await ort.InferenceSession.create(bytes)
    const expected = await original.run({ x: new ort.Tensor('float32', x.data, x.shape) })
    const predictor = await onnxPredictor(ort, bytes)
    using session = await predictor.open('native', { allowSoftware: true })
    const { data } = await session.predict([x], {})
    expectNear(data, expected['y']!.data as Float32Array, tolerance)
    const [gradient] = await session.inputGradients([x], Int32Array.of(0, 1, 1), {})
    expect(gradient!.data.some((value) => value !== 0)).toBe(true)
    await original.release()
  })

  it.each([5, 24])('is refused if its version is %i', async (opset) => {
    const model = { ...oldForms, opset }
    const { message } = await failureOf(onnxPredictor(ort, bytesOf(model)))
    expect(message).toContain('expected opset 6 to 23')
  })
})

const w = [0.5, -1.25, 2, 0.75]
const x = { data: Float32Array.of(1, 2, -1, 3), shape: [2, 2] }
const products = [4.5, 0.25, 5.5, 3.5]

describe('weights', () => {
  it.each([
    ['float16', 10, Uint16Array.from(w, toFloat16Bits)],
    ['float64', 11, Float64Array.from(w)],
    ['bfloat16', 16, new Uint16Array(Float32Array.from(w).buffer).filter((_, k) => k % 2 === 1)],
  ] as const)('of %s are converted to float32', async (_, type, data) => {
    const bytes = modelWith((pbf) => {
      for (const length of [2, 2]) writeInteger(pbf, 1, length)
      writeInteger(pbf, 2, type)
      writeString(pbf, 8, 'w')
      pbf.writeTag(9, 2)
      pbf.writeBytes(new Uint8Array(data.buffer))
    })
    const predictor = await onnxPredictor(ort, bytes)
    using session = await predictor.open('native', { allowSoftware: true })
    expectNear((await session.predict([x], {})).data, products, tolerance)
    expect(predictor.parameters).toEqual([{ name: 'w', shape: [2, 2], trainable: true }])
  })

  it('in a separate file are read from its given bytes', async () => {
    const file = new Uint8Array(Float32Array.of(9, ...w).buffer)
    const predictor = await onnxPredictor(ort, externalModel, {
      externalData: { 'weights.bin': file },
    })
    using session = await predictor.open('native', { allowSoftware: true })
    expectNear((await session.predict([x], {})).data, products, tolerance)
  })

  it('in a file that is missing or too short are refused with its name', async () => {
    const missing = await failureOf(onnxPredictor(ort, externalModel))
    expect(missing.message).toContain("'weights.bin'")
    const short = { externalData: { 'weights.bin': new Uint8Array(8) } }
    const { message } = await failureOf(onnxPredictor(ort, externalModel, short))
    expect(message).toContain('expected 20 bytes or more')
  })

  it('in Constant nodes and behind Identity are parameters by the name of the constant', async () => {
    const value: OnnxTensor = floats(w, [2, 2])
    const constant: OnnxNode = {
      ...nodeOf('Constant', [], 'w'),
      attributes: { value: { kind: 'tensor', value } },
    }
    const bytes = bytesOf({
      nodes: [
        constant,
        nodeOf('Identity', ['w'], 'tied'),
        nodeOf('MatMul', ['x', 'w'], 'h'),
        nodeOf('MatMul', ['h', 'tied'], 'y'),
      ],
      constants: {},
      inputs: { x: [2] },
      outputs: ['y'],
    })
    const predictor = await onnxPredictor(ort, bytes)
    expect(predictor.parameters.map(({ name }) => name)).toEqual(['w'])
    using session = await predictor.open('native', { allowSoftware: true })
    const block = await hostGradients(session, [x], x, 'meanSquaredError')
    expect(block.segments).toMatchObject([{ kind: 'factored', parameter: 'w', positions: 2 }])
  })
})

describe('inputs', () => {
  it('of integers and booleans are passed as numbers', async () => {
    const bytes = bytesOf({
      nodes: [
        nodeOf('Gather', ['table', 'ids'], 'rows'),
        nodeOf('Where', ['mask', 'rows', 'zero'], 'kept'),
        nodeOf('ReduceSum', ['kept', 'axis'], 'y', { keepdims: 0 }),
      ],
      constants: {
        table: floats([1, 2, 3, 4, 5, 6], [3, 2]),
        zero: floats([0], []),
        axis: integers(1),
      },
      inputs: { ids: [3], mask: [3, 1] },
      types: { ids: 'int32', mask: 'bool' },
      outputs: ['y'],
    })
    const predictor = await onnxPredictor(ort, bytes)
    expect(predictor.inputs.map(({ dtype }) => dtype)).toEqual(['int32', 'int32'])
    using session = await predictor.open('native', { allowSoftware: true })
    const ids = { data: Float32Array.of(0, 2, 2, 1, 1, 0), shape: [2, 3] }
    const mask = { data: Float32Array.of(1, 0, 1, 1, 1, 1), shape: [2, 3, 1] }
    expectNear((await session.predict([ids, mask], {})).data, [6, 8, 7, 10], tolerance)
    const block = await hostGradients(
      session,
      [ids, mask],
      { data: new Float32Array(4), shape: [2, 2] },
      'meanSquaredError',
    )
    expect(block.segments).toMatchObject([{ kind: 'lookup', parameter: 'table' }])
  })
})

describe('a model that cannot be explained', () => {
  const twoOutputs: TestModel = {
    nodes: [nodeOf('MatMul', ['x', 'w'], 'z'), nodeOf('Softmax', ['z'], 'p')],
    constants: { w: floats(w, [2, 2]) },
    inputs: { x: [2] },
    outputs: ['z', 'p'],
  }

  it('is refused for several outputs without a choice, and for an unknown output', async () => {
    const bytes = bytesOf(twoOutputs)
    expect((await failureOf(onnxPredictor(ort, bytes))).message).toContain("'z', 'p'")
    const wrong = await failureOf(onnxPredictor(ort, bytes, { output: 'q' }))
    expect(wrong.message).toContain("'z', 'p'")
    const predictor = await onnxPredictor(ort, bytes, { output: 'p', logits: true })
    expect(predictor.output).toMatchObject({ name: 'z', isLogits: true, isOneOfSeveral: true })
    const noLogits = await failureOf(onnxPredictor(ort, bytes, { output: 'z', logits: true }))
    expect(noLogits.message).toContain("MatMul 'the MatMul of z'")
  })

  it('is refused for control flow, random numbers and inputs without a batch axis', async () => {
    const body = { nodes: [], inputs: [], outputs: [] }
    const branch: OnnxNode = {
      ...nodeOf('If', ['x'], 'y'),
      attributes: { then_branch: { kind: 'graph', value: body } },
    }
    const flow = bytesOf({ ...twoOutputs, nodes: [branch], outputs: ['y'] })
    expect((await failureOf(onnxPredictor(ort, flow))).message).toContain("If 'the If of y'")
    const noise = [nodeOf('RandomNormalLike', ['x'], 'noise'), nodeOf('Add', ['x', 'noise'], 'y')]
    const random_ = bytesOf({ ...twoOutputs, nodes: noise, outputs: ['y'] })
    expect((await failureOf(onnxPredictor(ort, random_))).message).toContain('RandomNormalLike')
  })

  it('is refused for sequences and operators of training, which are listed', async () => {
    const refusalOf = async (nodes: OnnxNode[]): Promise<Error> =>
      failureOf(onnxPredictor(ort, bytesOf({ ...twoOutputs, nodes, outputs: ['y'] })))
    const sequence = [
      nodeOf('SequenceConstruct', ['x', 'x'], 's'),
      nodeOf('ConcatFromSequence', ['s'], 'y', { axis: 1 }),
    ]
    const refused = await refusalOf(sequence)
    expect(isGradlensError(refused, 'UnsupportedError')).toBe(true)
    expect(refused.message).toContain("SequenceConstruct 'the SequenceConstruct of s'")
    expect(refused.message).toContain("ConcatFromSequence 'the ConcatFromSequence of y'")
    const gradient = { ...nodeOf('Gradient', ['x'], 'y'), domain: 'ai.onnx.preview.training' }
    const training = await refusalOf([gradient])
    expect(isGradlensError(training, 'UnsupportedError')).toBe(true)
    expect(training.message).toContain("Gradient 'the Gradient of y'")
  })

  it('is refused if its output has no gradient, with what to choose instead', async () => {
    const nodes = [nodeOf('MatMul', ['x', 'w'], 'z'), nodeOf('ArgMax', ['z'], 'y', { axis: 1 })]
    const bytes = bytesOf({ ...twoOutputs, nodes, outputs: ['y'] })
    const predictor = await onnxPredictor(ort, bytes)
    expect(predictor.parameters).toEqual([])
    const loss = 'meanSquaredError'
    const create = (): unknown => new GradientSimilarity(predictor, loss, { device: 'native' })
    expect(create).toThrow('none of them is trainable')
  })

  it('is refused if lengths of any size make the shape of its output unknown', async () => {
    const bytes = bytesOf({
      nodes: [nodeOf('ReduceMax', ['x', 'axis'], 'y', { keepdims: 0 })],
      constants: { axis: createTensor('int64', [2], [1]) },
      inputs: { x: [null, 3] },
      outputs: ['y'],
    })
    const { message } = await failureOf(onnxPredictor(ort, bytes))
    expect(message).toContain('[any, 3]')
  })
})
