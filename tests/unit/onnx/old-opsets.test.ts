import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import type { OnnxNode } from '../../../src/onnx/model/onnx-model.js'
import { readModel } from '../../../src/onnx/model/read-model.js'
import { checkModel } from '../../support/onnx/check-model.js'
import { bytesOf, floats, nodeOf, type TestModel } from '../../support/onnx/onnx-models.js'

const device = { ort, name: 'native', provider: 'cpu' } as const
const x = { data: Float32Array.of(1, 2, 3, -4, 5, -6, 7, 8), shape: [1, 2, 2, 2] }

/** Rounding of float32 differences, which are exact for functions without curvature. */
const tolerance = 1e-3

function run(nodes: readonly OnnxNode[], constants: TestModel['constants']) {
  const bytes = bytesOf({ nodes, constants, inputs: { x: [2, 2, 2] }, outputs: ['y'], opset: 6 })
  const model = readModel(bytes, () => {
    throw new Error('no external data')
  })
  return checkModel(device, model, new Map([['x', x]]))
}

describe('a model of opset 6', () => {
  const constants = {
    c: floats([10, 20], [2]),
    half: floats([0.5], [1]),
    scale: floats([2, 3], [2]),
    shift: floats([1, -1], [2]),
    mean: floats([0, 1], [2]),
    variance: floats([1, 4], [2]),
  }

  it.each<[string, OnnxNode, readonly number[]]>([
    [
      'adds a vector along the axis that an attribute names',
      nodeOf('Add', ['x', 'c'], 'y', { axis: 1, broadcast: 1 }),
      [11, 12, 13, 6, 25, 14, 27, 28],
    ],
    [
      'multiplies by a vector along the last axis',
      nodeOf('Mul', ['x', 'c'], 'y', { broadcast: 1 }),
      [10, 40, 30, -80, 50, -120, 70, 160],
    ],
    ['has a slope per channel', nodeOf('PRelu', ['x', 'c'], 'y'), [1, 2, 3, -40, 5, -120, 7, 8]],
    ['has one slope for all', nodeOf('PRelu', ['x', 'half'], 'y'), [1, 2, 3, -2, 5, -3, 7, 8]],
    [
      'normalizes in test mode',
      nodeOf('BatchNormalization', ['x', 'scale', 'shift', 'mean', 'variance'], 'y', {
        is_test: 1,
      }),
      [3, 5, 7, -7, 5, -11.5, 8, 9.5],
    ],
  ])('%s', async (_, node, expected) => {
    const used = Object.entries(constants).filter(([name]) => node.inputs.includes(name))
    const { outputs, gradientError } = await run([node], Object.fromEntries(used))
    const found = Array.from(outputs.get('y')!.data)
    for (const [k, value] of expected.entries()) expect(found[k]).toBeCloseTo(value, 3)
    expect(gradientError).toBeLessThan(tolerance)
  })

  it('is refused in training mode', async () => {
    const names = ['scale', 'shift', 'mean', 'variance'] as const
    const node = nodeOf('BatchNormalization', ['x', ...names], 'y')
    const used = Object.fromEntries(names.map((name) => [name, constants[name]]))
    await expect(run([node], used)).rejects.toThrow('in training mode')
  })

  it('is refused for a dropout in training mode, which is the default', async () => {
    const nodes = [nodeOf('Dropout', ['x'], 'kept'), nodeOf('Relu', ['kept'], 'y')]
    await expect(run(nodes, {})).rejects.toThrow('in training mode, it draws random numbers')
  })
})

describe('a resize of opset 10 to the nearest elements', () => {
  const resize = (nodes: readonly OnnxNode[], constants: TestModel['constants']) => {
    const all = [...nodes, nodeOf('Resize', ['x', 'scales'], 'y', { mode: 'nearest' })]
    const bytes = bytesOf({
      ...{ nodes: all, constants, inputs: { x: [2, 2, 2] }, outputs: ['y'], opset: 10 },
    })
    return checkModel(
      device,
      readModel(bytes, () => new Uint8Array()),
      new Map([['x', x]]),
    )
  }

  it('is refused for scales that are computed, and for both kinds of scales', async () => {
    const computed = nodeOf('Relu', ['given'], 'scales')
    const given = floats([1, 1, 2, 2], [4])
    await expect(resize([computed], { given })).rejects.toThrow('scales that the model computes')
    const scales = floats([1, 1, 2, 0.5], [4])
    await expect(resize([], { scales })).rejects.toThrow('the scales 1, 1, 2, 0.5; expected')
  })
})
