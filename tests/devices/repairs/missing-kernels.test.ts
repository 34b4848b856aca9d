import * as tf from '@tensorflow/tfjs'
import type { NdArray } from 'gradlens'
import { type FunctionModel, tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { devices, type TestDevice, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { forwardOnCpu } from '../../support/references/tape-gradients.js'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'

/** Float32 sums of about 20 products in another order. */
const tolerance = 1e-5

function unit(): tf.Variable {
  const variable = tf.tidy(() => tf.variable(tf.scalar(1)))
  onTestFinished(() => {
    variable.dispose()
  })
  return variable
}

async function predict(
  device: TestDevice,
  call: FunctionModel['call'],
  outputShape: readonly number[],
  x: NdArray,
): Promise<NdArray> {
  using session = await tfjsPredictor({
    call,
    variables: [unit()],
    inputs: [{ shape: x.shape.slice(1) }],
    outputShape,
  }).open(device, { allowSoftware: true })
  return await session.predict([x], {})
}

const random = (shape: readonly number[]): NdArray => ({
  data: uniform(seededRandom(7), tf.util.sizeFromShape([...shape]), [-1, 1]),
  shape,
})

const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const

/** Fused ops with biases of rank 0 to 4, and products of integers. */
const forwardCases: readonly {
  title: string
  inputShape: readonly number[]
  call: (x: tf.Tensor) => tf.Tensor
}[] = [
  ...[[], [3], [1, 3], [4, 3]].flatMap((biasShape) =>
    activations.map((activation) => ({
      title: `a fused matMul with a bias of shape [${biasShape.join(', ')}] and ${activation}`,
      inputShape: [4, 5],
      call: (x: tf.Tensor) =>
        tf.fused.matMul({
          a: x,
          b: tf.linspace(-1, 1, 15).reshape<tf.Tensor2D>([5, 3]),
          bias: tf.linspace(-0.5, 1, tf.util.sizeFromShape(biasShape)).reshape(biasShape),
          activation,
          leakyreluAlpha: 0.3,
        }),
    })),
  ),
  ...[[], [2], [1, 1, 2], [1, 1, 1, 2]].flatMap((biasShape) =>
    activations.map((activation) => ({
      title: `a fused conv2d with a bias of shape [${biasShape.join(', ')}] and ${activation}`,
      inputShape: [2, 4, 4, 2],
      call: (x: tf.Tensor) =>
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter: tf.linspace(-1, 1, 16).reshape<tf.Tensor4D>([2, 2, 2, 2]),
          strides: 1,
          pad: 'same',
          bias: tf.linspace(-0.5, 1, tf.util.sizeFromShape(biasShape)).reshape(biasShape),
          activation,
          leakyreluAlpha: 0.3,
        }),
    })),
  ),
  {
    title: 'a fused depthwise conv2d with a bias of rank 4',
    inputShape: [2, 4, 4, 2],
    call: (x) =>
      tf.fused.depthwiseConv2d({
        x: x as tf.Tensor4D,
        filter: tf.linspace(-1, 1, 8).reshape<tf.Tensor4D>([2, 2, 2, 1]),
        strides: 1,
        pad: 'same',
        bias: tf.tensor4d([0.5, -0.5], [1, 1, 1, 2]),
        activation: 'relu',
      }),
  },
  {
    title: 'a linspace of one number',
    inputShape: [2, 3],
    call: (x) => x.add(tf.linspace(2, 3, 1)),
  },
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      title: `a product of integers${transposeA ? ', the first transposed' : ''}${transposeB ? ', the second transposed' : ''}`,
      inputShape: [2, 3, 3],
      call: (x: tf.Tensor) => {
        const a = x.mul(9).toInt()
        const b = tf.range(-4, 5, 1, 'int32').reshape([1, 3, 3])
        return tf.matMul(a, b, transposeA, transposeB).toFloat()
      },
    })),
  ),
]

beforeAll(async () => {
  await useDevice('cpu')
  await ensureBackend('cpu')
})

describe.each(devices)('on %s', (device) => {
  it.each(forwardCases)('$title is computed as on cpu', async ({ inputShape, call }) => {
    const x = random(inputShape)
    const expected = forwardOnCpu(call, [inputShape], [x.data as Float32Array])
    const found = await predict(device, (...[one]) => call(one!), expected.shape.slice(1), x)
    expectNear(found.data, expected.data, device === 'webgpu' ? 1e-3 : tolerance)
  })

  it('complex numbers are refused by name where they cannot be computed', async () => {
    const call = (x: tf.Tensor): tf.Tensor => tf.spectral.rfft(x).abs()
    const run = (): Promise<NdArray> => predict(device, call, [5], random([2, 8]))
    if (device !== 'wasm') {
      expect((await run()).shape).toEqual([2, 5])
      return
    }
    const error = await expectError(
      run,
      'UnsupportedError',
      'cannot compute Complex (complex numbers, as in fft and rfft) on wasm',
      "'cpu'",
    )
    expect(error).toMatchObject({ feature: 'Complex' })
  })
})
