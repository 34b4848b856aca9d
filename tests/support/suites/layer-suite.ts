import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { NdArray } from '../../../src/ndarray.js'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { tfjsPredictor } from '../../../src/tfjs/index.js'
import { useDevice, type TestDevice } from '../devices/devices.js'
import { relativeError, sizeOf } from '../cases/gradient-case.js'
import { keepOnGpu } from '../devices/gpu-resident.js'
import {
  activationNames,
  layerCases,
  layerClassNames,
  layersWithoutInputGradient,
  type LayerCase,
} from '../cases/layer-cases.js'
import { seededRandom, separated, uniform } from '../random.js'

const batch = 3

/** Offsets and weights of the differences; four points where f bends, for an error of h⁴. */
const stencils = {
  linear: [[0.5, 1]],
  'piecewise linear': [[0.02, 1]],
  smooth: [
    [0.04, 4 / 3],
    [0.08, -1 / 3],
  ],
} as const

/**
 * Relative to the largest component. The differences are good to the rounding of one output, 1e-7 of a sum of up
 * to 100 terms, over their step.
 */
const tolerances = { linear: 2e-5, 'piecewise linear': 3e-4, smooth: 3e-4 } as const

/** WGSL allows its elementary functions less: 2⁻¹¹ for sin and cos, and as much for tanh by way of exp. */
const wgslTolerance = 2 ** -11

/** The input gradients of each layer, as a little model, against central differences of the cpu's predictions. */
export function describeLayers(devices: readonly TestDevice[]): void {
  beforeAll(async () => {
    await ensureBackend('cpu')
    await useDevice(devices[0]!)
  })
  keepOnGpu()

  test('every class of layer is in the table', () => {
    const covered = new Set(
      Object.values(layerCases)
        .flat()
        .map(({ build }) => build().getClassName()),
    )
    const missing = layerClassNames().filter(
      (name) => !covered.has(name) && !(name in layersWithoutInputGradient),
    )
    expect(missing).toEqual([])
  })

  test('a Resizing layer still fails to predict, so it has no case', () => {
    const model = tf.sequential({
      layers: [tf.layers.resizing({ height: 2, width: 2, inputShape: [3, 3, 1] })],
    })
    expect(() => tf.tidy(() => model.predict(tf.zeros([1, 3, 3, 1])))).toThrow()
    model.dispose()
  })

  describe.each(devices)('on %s', (device) => {
    for (const [group, cases] of Object.entries(layerCases)) {
      describe(group, () => {
        for (const layerCase of cases) testLayer(device, layerCase)
      })
    }
    describe('activations by name', () => {
      for (const name of activationNames()) {
        for (const range of [
          [0.2, 1.2],
          [-1.2, -0.2],
        ] as const) {
          testLayer(device, {
            title: `${name} on ${range.join(' to ')}`,
            shapes: [[5]],
            smoothness: 'smooth',
            range,
            build: () => tf.layers.activation({ activation: name as 'relu' }),
          })
        }
      }
    })
  })
}

function testLayer(device: TestDevice, layerCase: LayerCase): void {
  const { title, smoothness } = layerCase
  test(`the input gradients through ${title} equal central differences`, async () => {
    const model = littleModel(layerCase)
    try {
      const x = inputsOf(layerCase)
      const expected = await differences(model, x, smoothness)
      const predictor = tfjsPredictor(model)
      using session = await predictor.open(device, { allowSoftware: true })
      const found = await session.inputGradients(x, new Int32Array(batch), {})
      expect(found).toHaveLength(x.length)
      const tolerance =
        device === 'webgpu'
          ? Math.max(wgslTolerance, tolerances[smoothness])
          : tolerances[smoothness]
      found.forEach((gradient, index) => {
        expect(gradient.shape).toEqual(x[index]!.shape)
        expect(relativeError(gradient.data, expected[index]!)).toBeLessThan(tolerance)
      })
    } finally {
      model.dispose()
    }
  })
}

/** The layer, followed by a positively weighted sum of all its outputs. */
function littleModel({ build, shapes }: LayerCase): tf.LayersModel {
  const inputs = shapes.map((shape) => tf.input({ shape: [...shape] }))
  const output = build().apply(inputs.length === 1 ? inputs[0]! : inputs) as tf.SymbolicTensor
  const flat = output.rank === 2 ? output : tf.layers.flatten().apply(output)
  const sum = tf.layers.dense({ units: 1, useBias: false, name: 'sum' }).apply(flat)
  const model = tf.model({ inputs, outputs: sum as tf.SymbolicTensor })
  const random = seededRandom(3)
  for (const weight of model.weights) {
    const { originalName, shape } = weight
    const isPositive = /sum|variance|gamma/.test(originalName)
    const values = uniform(random, sizeOf(shape as number[]), isPositive ? [0.5, 1.5] : [-0.6, 0.6])
    tf.tidy(() => {
      weight.write(tf.tensor(values, shape as number[]))
    })
  }
  return model
}

function inputsOf({ shapes, smoothness, range = [-1, 1] }: LayerCase): NdArray[] {
  const random = seededRandom(11)
  const batched = shapes.map((shape) => [batch, ...shape])
  if (smoothness !== 'piecewise linear') {
    return batched.map((shape) => ({ shape, data: uniform(random, sizeOf(shape), range) }))
  }
  const total = batched.reduce((sum, shape) => sum + sizeOf(shape), 0)
  const all = separated(random, total, 0.0625)
  let end = 0
  return batched.map((shape) => ({ shape, data: all.slice(end, (end += sizeOf(shape))) }))
}

/**
 * ∂f[i] / ∂x[i] of each example by central differences. Every moved copy of every example goes into one batch:
 * the examples of a model in inference mode do not see each other.
 */
async function differences(
  model: tf.LayersModel,
  x: readonly NdArray[],
  smoothness: keyof typeof stencils,
): Promise<Float64Array[]> {
  const stencil = stencils[smoothness].flatMap(([step, weight]) => [
    { offset: step, weight: weight },
    { offset: -step, weight: -weight },
  ])
  const coordinates = x.flatMap(({ data }, input) =>
    Array.from({ length: data.length / batch }, (_, index) => ({ input, index })),
  )
  const copies = coordinates.flatMap((coordinate) =>
    stencil.map((point) => ({ ...coordinate, ...point })),
  )
  const moved = x.map(({ data, shape }, input) => {
    const size = data.length / batch
    const values = new Float32Array(copies.length * data.length)
    copies.forEach((copy, at) => {
      const start = at * data.length
      values.set(data, start)
      if (copy.input !== input) return
      for (let example = 0; example < batch; example++) {
        values[start + example * size + copy.index]! += copy.offset
      }
    })
    return { data: values, shape: [copies.length * batch, ...shape.slice(1)] }
  })
  using session = await tfjsPredictor(model).open('cpu', { allowSoftware: true })
  const y = await session.predict(moved, {})
  const gradients = x.map(({ data }) => new Float64Array(data.length))
  copies.forEach(({ input, index, offset, weight }, at) => {
    const size = x[input]!.data.length / batch
    for (let example = 0; example < batch; example++) {
      const step = Math.abs(offset)
      gradients[input]![example * size + index]! +=
        (weight * y.data[at * batch + example]!) / (2 * step)
    }
  })
  return gradients
}
