import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { runOn } from '../../../src/tfjs/engine/engine.js'
import {
  normalizeChannels,
  scaleChannels,
  sumCentredProducts,
} from '../../../src/tfjs/kernels/channels.js'
import {
  depthwiseFilterGradients,
  depthwiseInputGradient,
  stridedInputGradient,
} from '../../../src/tfjs/kernels/window-gradients.js'
import { gradientRepairs } from '../../../src/tfjs/repairs/gradients.js'
import type { WindowAxis } from '../../../src/tfjs/repairs/window.js'
import { useDevice } from '../../support/devices/devices.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Float32 sums of at most 900 products of numbers below 1. */
const tolerance = 1e-4

beforeAll(async () => {
  await useDevice('cpu')
  await ensureBackend('wasm')
})

/** A window along one axis that meets the input somewhere, padding wider than the filter included. */
const axis: fc.Arbitrary<WindowAxis> = fc
  .record({
    input: fc.integer({ min: 1, max: 9 }),
    taps: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 5 }),
    after: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ after, ...window }) => {
    const reach = (window.taps - 1) * window.dilation + 1
    const room = window.input + window.before + after - reach
    return { ...window, output: Math.floor(room / window.stride) + 1 }
  })
  .filter(({ output }) => output >= 1)

const window = fc.record({
  axes: fc.tuple(axis, axis),
  batch: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 19 }),
  outputs: fc.integer({ min: 1, max: 6 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
})

/** Calls back for each place where a window's tap meets the input: [example, in, out, tap] as pixel offsets. */
function eachMeeting(
  batch: number,
  [rows, columns]: readonly [WindowAxis, WindowAxis],
  visit: (example: number, inPixel: number, outPixel: number, tap: number) => void,
): void {
  for (let example = 0; example < batch; example++) {
    for (let outRow = 0; outRow < rows.output; outRow++) {
      for (let outColumn = 0; outColumn < columns.output; outColumn++) {
        for (let row = 0; row < rows.taps; row++) {
          for (let column = 0; column < columns.taps; column++) {
            const inRow = outRow * rows.stride + row * rows.dilation - rows.before
            const inColumn = outColumn * columns.stride + column * columns.dilation - columns.before
            if (inRow < 0 || inRow >= rows.input || inColumn < 0 || inColumn >= columns.input)
              continue
            visit(
              example,
              (example * rows.input + inRow) * columns.input + inColumn,
              (example * rows.output + outRow) * columns.output + outColumn,
              row * columns.taps + column,
            )
          }
        }
      }
    }
  }
}

function expectClose(actual: ArrayLike<number>, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length)
  const errors = expected.map((value, k) => Math.abs(actual[k]! - value))
  expect(errors.reduce((most, error) => Math.max(most, error), 0)).toBeLessThan(tolerance)
}

/** Computes on the wasm backend and reads the numbers. */
const onWasm = (compute: () => tf.Tensor | undefined): Float32Array =>
  runOn('wasm', () => Float32Array.from(compute()!.dataSync()))

it('a strided convolution’s input gradient is that of the loop, for any window', () => {
  fc.assert(
    fc.property(window, ({ axes, batch, channels, outputs, seed }) => {
      fc.pre(axes.some(({ stride }) => stride > 1))
      const [rows, columns] = axes
      const random = seededRandom(seed)
      const dyShape = [batch, rows.output, columns.output, outputs]
      const filterShape = [rows.taps, columns.taps, channels, outputs]
      const dy = uniform(random, tf.util.sizeFromShape(dyShape), [-1, 1])
      const filter = uniform(random, tf.util.sizeFromShape(filterShape), [-1, 1])
      const expected = new Float64Array(batch * rows.input * columns.input * channels)
      eachMeeting(batch, axes, (_, inPixel, outPixel, tap) => {
        for (let c = 0; c < channels; c++) {
          for (let p = 0; p < outputs; p++) {
            expected[inPixel * channels + c]! +=
              dy[outPixel * outputs + p]! * filter[(tap * channels + c) * outputs + p]!
          }
        }
      })
      const actual = onWasm(() =>
        stridedInputGradient(
          tf.tensor([...dy], dyShape),
          tf.tensor([...filter], filterShape),
          axes,
        ),
      )
      expectClose(actual, expected)
    }),
    { numRuns: 150, seed: 1 },
  )
})

it('a depthwise convolution’s gradients are those of the loop, for any window', () => {
  fc.assert(
    fc.property(window, ({ axes, batch, channels, seed }) => {
      const [rows, columns] = axes
      const random = seededRandom(seed)
      const taps = rows.taps * columns.taps
      const xShape = [batch, rows.input, columns.input, channels]
      const dyShape = [batch, rows.output, columns.output, channels]
      const filterShape = [rows.taps, columns.taps, channels, 1]
      const [x, dy, filter] = [xShape, dyShape, filterShape].map((shape) => [
        ...uniform(random, tf.util.sizeFromShape(shape), [-1, 1]),
      ]) as [number[], number[], number[]]
      const dx = new Float64Array(x.length)
      const gradients = new Float64Array(batch * taps * channels)
      eachMeeting(batch, axes, (example, inPixel, outPixel, tap) => {
        for (let c = 0; c < channels; c++) {
          const delta = dy[outPixel * channels + c]!
          dx[inPixel * channels + c]! += delta * filter[tap * channels + c]!
          gradients[(example * taps + tap) * channels + c]! += delta * x[inPixel * channels + c]!
        }
      })
      if (axes.some(({ stride }) => stride > 1)) {
        const actual = onWasm(() =>
          depthwiseInputGradient(tf.tensor(dy, dyShape), tf.tensor(filter, filterShape), axes),
        )
        expectClose(actual, dx)
      }
      const actual = onWasm(() =>
        depthwiseFilterGradients(tf.tensor(x, xShape), tf.tensor(dy, dyShape), filterShape, axes),
      )
      expectClose(actual, gradients)
    }),
    { numRuns: 150, seed: 2 },
  )
})

it('scales channels and sums centred products as the loop does, for any number of channels', () => {
  const sizes = fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    positions: fc.integer({ min: 1, max: 30 }),
    channels: fc.integer({ min: 1, max: 40 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  fc.assert(
    fc.property(sizes, ({ batch, positions, channels, seed }) => {
      const random = seededRandom(seed)
      const shape = [batch, positions, channels]
      const [x, dy] = [0, 1].map(() => [
        ...uniform(random, batch * positions * channels, [-1, 1]),
      ]) as [number[], number[]]
      const [mean, factors] = [0, 1].map(() => [...uniform(random, channels, [-1, 1])]) as [
        number[],
        number[],
      ]
      const scaled = Float64Array.from(x, (value, k) => value * factors[k % channels]!)
      expectClose(
        onWasm(() => scaleChannels(tf.tensor(x, shape), tf.tensor1d(factors))),
        scaled,
      )
      const normalized = Float64Array.from(
        x,
        (value, k) => (value - mean[k % channels]!) * factors[k % channels]! + mean[k % channels]!,
      )
      expectClose(
        onWasm(() => {
          const [means, scales, offsets] = [mean, factors, mean].map((each) =>
            tf.tensor1d(each),
          ) as [tf.Tensor, tf.Tensor, tf.Tensor]
          return normalizeChannels(tf.tensor(x, shape), means, scales, offsets)
        }),
        normalized,
      )
      const sums = new Float64Array(batch * channels)
      x.forEach((value, k) => {
        const c = k % channels
        const example = Math.floor(k / (positions * channels))
        sums[example * channels + c]! += factors[c]! * dy[k]! * (value - mean[c]!)
      })
      const actual = onWasm(() =>
        sumCentredProducts(
          ...([tf.tensor(x, shape), tf.tensor(dy, shape)] as const),
          ...([tf.tensor1d(mean), tf.tensor1d(factors), batch] as const),
        ),
      )
      expectClose(actual, sums)
    }),
    { numRuns: 150, seed: 3 },
  )
})

it.each([
  ['ClipByValue', { clipValueMin: -0.5, clipValueMax: 1.5 }, (x: number) => x >= -0.5 && x <= 1.5],
  ['Relu6', {}, (x: number) => x > 0 && x <= 6],
] as const)('%s passes the gradient only within its limits', (name, attributes, passes) => {
  const x = [-7, -0.5, -0, 0, 1e-45, 0.3, 1.5, 1.6, 6, 6.001, NaN]
  for (const device of ['cpu', 'wasm'] as const) {
    const actual = runOn(device, () => {
      const inputs = { x: tf.tensor1d(x) }
      const dy = tf.tensor1d(x.map((_, k) => k + 1))
      const thunks = gradientRepairs[name]!([dy], { inputs, outputs: [], attributes })
      return Float32Array.from(thunks['x']!().dataSync())
    })
    expect([...actual]).toEqual(x.map((value, k) => (passes(Math.fround(value)) ? k + 1 : 0)))
  }
})
