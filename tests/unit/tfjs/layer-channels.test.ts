import * as tf from '@tensorflow/tfjs'
import { GradCam, Gradient, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectNear } from '../../support/references/differences.js'

/** Float32 sums of some hundred products, of order 1. */
const tolerance = 1e-5

const [height, width, channels] = [4, 5, 3]

type Format = 'first' | 'last'

/** Applies a layer. */
const apply = (
  layer: tf.layers.Layer,
  to: tf.SymbolicTensor | tf.SymbolicTensor[],
): tf.SymbolicTensor => layer.apply(to) as tf.SymbolicTensor

/**
 * A net with branches, a layer that is called twice, and a model that is called as a layer. With
 * both formats it has the same weights, so that it computes the same.
 */
function createTwin(format: Format): tf.LayersModel {
  const dataFormat = format === 'first' ? 'channelsFirst' : 'channelsLast'
  const axis = format === 'first' ? 1 : 3
  const random = seededRandom(11)
  const conv = (name: string, filters: number): tf.layers.Layer =>
    tf.layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', dataFormat })
  const imageOf = (count: number): number[] =>
    format === 'first' ? [count, height, width] : [height, width, count]
  const picture = tf.input({ shape: imageOf(channels), name: 'picture' })
  const shared = tf.layers.activation({ activation: 'tanh', name: 'shared' })
  const scaled = apply(tf.layers.activation({ activation: 'sigmoid', name: 'scaled' }), picture)
  const one = apply(
    shared,
    apply(tf.layers.batchNormalization({ axis, name: 'norm' }), apply(conv('one', 2), scaled)),
  )
  const other = apply(shared, apply(conv('other', 2), scaled))
  const sum = apply(tf.layers.add({ name: 'sum' }), [one, other])
  const inside = tf.input({ shape: imageOf(2) })
  const inner = tf.model({
    inputs: inside,
    outputs: apply(
      tf.layers.activation({ activation: 'tanh', name: 'inner-tanh' }),
      apply(conv('inner-conv', 4), inside),
    ),
    name: 'inner',
  })
  const dropped = apply(tf.layers.dropout({ rate: 0.5, name: 'dropped' }), apply(inner, sum))
  const joined = apply(tf.layers.concatenate({ axis, name: 'joined' }), [dropped, sum])
  const pooled = apply(tf.layers.globalAveragePooling2d({ dataFormat }), joined)
  const model = disposedAfterTest(
    tf.model({ inputs: picture, outputs: apply(tf.layers.dense({ units: 2 }), pooled) }),
  )
  const weights = model
    .getWeights()
    .map(({ shape, size }) => tf.tensor(uniform(random, size, [0.1, 0.9]), shape))
  model.setWeights(weights)
  tf.dispose(weights)
  return model
}

/** [n, c, h, w] with its channels last. Arrays of other ranks stay as they are. */
function moveLast({ data, shape }: NdArray): NdArray {
  if (shape.length !== 4) return { data, shape }
  return tf.tidy(() => {
    const array = tf.transpose(tf.tensor4d(Float32Array.from(data), shape as never), [0, 2, 3, 1])
    return { data: array.dataSync<'float32'>(), shape: array.shape }
  })
}

const images = (format: Format): NdArray => {
  const data = uniform(seededRandom(12), 2 * channels * height * width, [-1, 1])
  const first = { data, shape: [2, channels, height, width] }
  return format === 'first' ? first : moveLast(first)
}

describe.each(['cpu', 'wasm'] as const)('the channels of layers on %s', (device) => {
  beforeAll(() => useDevice(device))

  /** Explains with both twins, whose attributions must be the same with the channels last. */
  async function expectSame(
    count: number,
    explain: (
      model: tf.LayersModel,
      x: NdArray,
    ) => Promise<{
      readonly attributions: readonly NdArray[]
      readonly meta: { readonly params: Readonly<Record<string, unknown>> }
    }>,
  ): Promise<void> {
    const first = await explain(createTwin('first'), images('first'))
    const last = await explain(createTwin('last'), images('last'))
    expect(first.meta.params['layerChannels']).toEqual(Array.from({ length: count }, () => 'first'))
    expect(last.meta.params['layerChannels']).toEqual(Array.from({ length: count }, () => 'last'))
    expect(first.attributions).toHaveLength(count)
    first.attributions.forEach((array, k) => {
      const expected = last.attributions[k]!
      const moved = moveLast(array)
      expect(moved.shape).toEqual(expected.shape)
      expectNear(moved.data, expected.data, tolerance)
    })
  }

  it('are told for an input and several layers, some with several tensors', () =>
    // The shared layer has two tensors.
    expectSame(10, async (model, x) => {
      const layer = [
        ...['one', 'picture', 'scaled', 'shared', 'norm', 'sum', 'inner'],
        ...['dropped', 'joined'],
      ]
      using gradient = new Gradient(tfjsPredictor(model), { device, layer })
      return await gradient.explain(x, { target: 1 })
    }))

  it('are told for the inputs of layers', () =>
    expectSame(6, async (model, x) => {
      const layer = ['joined', 'inner-conv', 'inner-tanh', 'sum']
      using path = new IntegratedGradients(tfjsPredictor(model), {
        device,
        layer,
        nSteps: 3,
      })
      return await path.explain(x, { target: 1, attributeToLayerInputs: true })
    }))

  it.each([undefined, 'joined', 'sum', 'dropped', 'inner-tanh'])(
    'make the same class activation map of the layer %s',
    async (layer) => {
      const [first, last] = await Promise.all(
        (['first', 'last'] as const).map(async (format) => {
          using map = new GradCam(tfjsPredictor(createTwin(format)), {
            device,
            ...(layer !== undefined && { layer }),
          })
          return await map.explain(images(format), { target: 1 })
        }),
      )
      expect(first!.maps.shape).toEqual(last!.maps.shape)
      expectNear(first!.maps.data, last!.maps.data, tolerance)
      expect(first!.meta.params['mapLayer']).toBe(last!.meta.params['mapLayer'])
    },
  )

  it('are unknown where a layer moves the axes and nothing else tells', async () => {
    const x = tf.input({ shape: [channels, height, width] })
    const before = apply(tf.layers.activation({ activation: 'tanh', name: 'before' }), x)
    const turned = apply(tf.layers.permute({ dims: [2, 3, 1], name: 'turned' }), before)
    const convolved = apply(
      tf.layers.conv2d({ filters: 2, kernelSize: 3, name: 'convolved' }),
      turned,
    )
    const outputs = apply(tf.layers.globalAveragePooling2d({}), convolved)
    const predictor = tfjsPredictor(disposedAfterTest(tf.model({ inputs: x, outputs })))
    using gradient = new Gradient(predictor, {
      device,
      layer: ['before', 'turned', 'convolved'],
    })
    const { meta } = await gradient.explain(images('first'), { target: 1 })
    expect(meta.params['layerChannels']).toEqual([null, 'last', 'last'])
    using map = new GradCam(predictor, { device, layer: 'before' })
    await expect(map.explain(images('first'), { target: 1 })).rejects.toThrow(
      "channels: got none, for layer 'before', whose model doesn't say where its channels are",
    )
  })
})
