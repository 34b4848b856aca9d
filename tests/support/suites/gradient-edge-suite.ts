import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { isGradlensError } from '../../../src/errors.js'
import { useDevice, type TestDevice } from '../devices/devices.js'
import { sizeOf } from '../cases/gradient-case.js'
import { keepOnGpu } from '../devices/gpu-resident.js'
import { gradientsOn } from '../references/tape-gradients.js'

interface Edge {
  readonly title: string
  readonly f: (...x: tf.Tensor[]) => tf.Tensor
  readonly shapes: readonly (readonly number[])[]
  readonly outputShape: readonly number[]
}

interface Tie extends Edge {
  readonly x: readonly (readonly number[])[]
  readonly gradients: readonly (readonly number[])[]
}

const ties: readonly Tie[] = [
  {
    title: 'maxPool gives a tie to the first of the window, row by row',
    f: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
    shapes: [[1, 2, 4, 1]],
    outputShape: [1, 1, 2, 1],
    x: [[-1, -1, 3, 5, -1, -1, 5, 5]],
    gradients: [[1, 0, 0, 1, 0, 0, 0, 0]],
  },
  {
    title: 'maxPool takes the zero of either sign for one',
    f: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
    shapes: [[1, 2, 2, 1]],
    outputShape: [1, 1, 1, 1],
    x: [[-0, 0, 0, -0]],
    gradients: [[1, 0, 0, 0]],
  },
  {
    title: 'maximum gives a tie to its first operand',
    f: (a, b) => tf.maximum(a, b),
    shapes: [[3], [3]],
    outputShape: [3],
    x: [
      [1, 2, 3],
      [3, 2, 1],
    ],
    gradients: [
      [0, 1, 1],
      [1, 0, 0],
    ],
  },
  {
    title: 'minimum gives a tie to its first operand',
    f: (a, b) => tf.minimum(a, b),
    shapes: [[3], [3]],
    outputShape: [3],
    x: [
      [1, 2, 3],
      [3, 2, 1],
    ],
    gradients: [
      [1, 1, 0],
      [0, 0, 1],
    ],
  },
  {
    title: 'prelu has the slope α at 0',
    f: (x, alpha) => tf.prelu(x, alpha),
    shapes: [[3], [1]],
    outputShape: [3],
    x: [[-1, 0, 1], [0.25]],
    gradients: [[0.25, 0.25, 1], [-1]],
  },
]

interface Refusal extends Edge {
  readonly feature: string
  readonly remedy: string
  /** The devices on which the forward pass works. Default: all. */
  readonly devices?: readonly TestDevice[]
}

const refusals: readonly Refusal[] = [
  {
    title: 'a pool that rounds its output up',
    f: (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 0, 'ceil'),
    shapes: [[1, 6, 6, 1]],
    outputShape: [1, 3, 3, 1],
    feature: 'MaxPool',
    remedy: "use padding 'same' or 'valid'",
  },
  {
    title: 'an average pool that rounds its output',
    f: (x) => tf.avgPool(x as tf.Tensor4D, 3, 2, 0, 'round'),
    shapes: [[1, 6, 6, 1]],
    outputShape: [1, 3, 3, 1],
    feature: 'AvgPool',
    remedy: "use padding 'same' or 'valid'",
  },
  {
    title: 'a product of matrices that are repeated along axes of each other',
    f: (a, b) => tf.add(tf.sum(tf.matMul(a, b)), 1),
    shapes: [
      [2, 1, 2, 2],
      [3, 2, 2],
    ],
    outputShape: [],
    devices: ['cpu', 'wasm'],
    feature: 'BatchMatMul',
    remedy: 'tile one of them first',
  },
  {
    title: 'a way through complex numbers',
    f: (x) => tf.abs(tf.complex(x, tf.mul(x, 2))),
    shapes: [[3]],
    outputShape: [3],
    devices: ['cpu', 'webgpu'],
    feature: 'Complex',
    remedy: 'differentiable',
  },
  {
    title: 'a kernel that nothing can differentiate',
    f: (x) => tf.cumprod(x, 0),
    shapes: [[3]],
    outputShape: [3],
    feature: 'Cumprod',
    remedy: 'differentiable',
  },
]

/** Tests what central differences can't: ties, and operations without a correct gradient. */
export function describeEdges(devices: readonly TestDevice[]): void {
  beforeAll(async () => {
    await useDevice(devices[0]!)
  })
  keepOnGpu()

  describe.each(devices)('on %s', (device) => {
    for (const { title, f, shapes, outputShape, x, gradients } of ties) {
      test(title, async () => {
        const values = x.map((row) => Float32Array.from(row))
        const ones = new Float32Array(sizeOf(outputShape)).fill(1)
        const found = await gradientsOn(device, f, shapes, values, ones)
        expect(found.gradients.map((gradient) => Array.from(gradient))).toEqual(gradients)
      })
    }

    const refused = refusals.filter(({ devices: forward }) => forward?.includes(device) ?? true)
    for (const { title, f, shapes, outputShape, feature, remedy } of refused) {
      test(`${title} is refused by name, with what to do`, async () => {
        const values = shapes.map((shape) => new Float32Array(sizeOf(shape)).fill(1))
        const ones = new Float32Array(sizeOf(outputShape)).fill(1)
        const error: unknown = await gradientsOn(device, f, shapes, values, ones).catch(
          (reason: unknown) => reason,
        )
        if (!isGradlensError(error, 'UnsupportedError')) throw error
        expect(error.feature).toBe(feature)
        expect(error.message).toContain(remedy)
      })
    }
  })
}
