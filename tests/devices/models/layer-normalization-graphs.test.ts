import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, it, onTestFinished, vi } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { type GraphSpec, loadGraph, node, placeholder } from '../../support/models/graph-models.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { exampleCount, labels, randomInput } from '../../support/gradients/labelled-examples.js'
import { expectError } from '../../support/refusals.js'
import { expectSameGradient, singleGradient } from '../../support/references/single-gradients.js'

const loss = 'sparseCategoricalCrossentropyFromLogits'
const epsilon = 0.001
/** Float32 against float32 in another order, of values around 1. */
const tolerance = 2e-5
const transposed = { transpose_a: { b: false }, transpose_b: { b: false } }

const [positions, width] = [2, 4]

/** Keras 2's layer normalization: a batch normalization in training mode, one channel for each position. */
function normalizedGraph(format: 'NCHW' | 'NHWC'): GraphSpec {
  const norm = (x: string): ReturnType<typeof node> =>
    node('norm', 'FusedBatchNormV3', [x, 'ones', 'zeros', 'empty', 'empty'], {
      epsilon: { f: epsilon },
      data_format: { s: btoa(format) },
      is_training: { b: true },
    })
  const isFirst = format === 'NCHW'
  return {
    nodes: [
      placeholder('x', [-1, positions, width]),
      node('flat', 'Reshape', ['x', 'flat_shape']),
      node('column', 'Slice', ['flat', 'begin', 'size']),
      node('per_position', 'Reshape', ['column', 'vector']),
      node('zeros', 'ZerosLike', ['per_position']),
      node('ones', 'AddV2', ['zeros', 'one']),
      ...(isFirst
        ? [node('image', 'Reshape', ['flat', 'first_shape']), norm('image')]
        : [
            node('turned', 'Transpose', ['flat', 'exchange']),
            node('image', 'Reshape', ['turned', 'last_shape']),
            norm('image'),
            node('matrix', 'Reshape', ['norm', 'turned_shape']),
            node('back', 'Transpose', ['matrix', 'exchange']),
          ]),
      node('restored', 'Reshape', [isFirst ? 'norm' : 'back', 'shape']),
      node('scaled', 'Mul', ['restored', 'gamma']),
      node('shifted', 'AddV2', ['scaled', 'beta']),
      node('joined', 'Reshape', ['shifted', 'joined_shape']),
      node('logits', 'MatMul', ['joined', 'kernel'], transposed),
    ],
    weights: { gamma: [width], beta: [width], kernel: [positions * width, 3], empty: [0] },
    scalars: { one: 1 },
    integers: {
      flat_shape: [-1, width],
      begin: [0, 0],
      size: [-1, 1],
      vector: [-1],
      first_shape: [1, -1, width, 1],
      last_shape: [1, width, 1, -1],
      turned_shape: [width, -1],
      exchange: [1, 0],
      shape: [-1, positions, width],
      joined_shape: [-1, positions * width],
    },
    outputs: [{ name: 'logits', shape: [-1, 3] }],
  }
}

beforeAll(() => useDevice('cpu'))

describe.each(devices)('the layer normalization of a GraphModel on %s', (device) => {
  it.each(['NCHW', 'NHWC'] as const)(
    'in %s normalizes each position by itself, in predictions and gradients',
    async (format) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      onTestFinished(() => {
        warn.mockRestore()
      })
      const model = await loadGraph(normalizedGraph(format))
      const names = ['gamma', 'beta', 'kernel']
      const parameters = names.map((name) => ({ name, tensor: model.weights[name]![0]! }))
      const [gamma, beta, kernel] = parameters.map(({ tensor }) => tensor)
      const reference = {
        parameters,
        call: ([x]: tf.Tensor[]): tf.Tensor => {
          const { mean, variance } = tf.moments(x!, 2, true)
          const normal = x!.sub(mean).div(variance.add(epsilon).sqrt())
          const joined = normal
            .mul(gamma!)
            .add(beta!)
            .reshape([-1, positions * width])
          return tf.matMul(joined, kernel!)
        },
      }
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const x = [randomInput([positions, width], 3)]
      const expected = tf.tidy(() =>
        reference.call([tf.tensor(x[0]!.data as Float32Array, x[0]!.shape as number[])]).dataSync(),
      )
      expectNear((await session.predict(x, {})).data, expected, tolerance)
      const block = await hostGradients(session, x, labels(), loss)
      for (let row = 0; row < exampleCount; row++) {
        expectSameGradient(
          materializedGradients(block, row),
          singleGradient(reference, x, labels(), row),
          reference,
        )
      }
    },
  )

  it('is refused by name if the channel axis is unknown', async () => {
    const empty = tf.tidy(() => tf.variable(tf.zeros([0])))
    onTestFinished(() => {
      empty.dispose()
    })
    using session = await tfjsPredictor({
      call: (x) => tf.batchNorm(x as tf.Tensor4D, empty, empty),
      variables: [empty],
      inputs: [{ shape: [2, 2, 1] }],
      outputShape: [2, 2, 1],
    }).open(device, { allowSoftware: true })
    await expectError(
      () => session.predict([randomInput([2, 2, 1], 1)], {}),
      'UnsupportedError',
      'FusedBatchNorm has empty statistics',
    )
  })
})
