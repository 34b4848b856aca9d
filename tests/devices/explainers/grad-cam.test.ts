import * as tf from '@tensorflow/tfjs'
import { type ClassActivationMethod, GradCam, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { connectPredictor } from 'gradlens/worker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { channelTo, throughChannel } from '../../support/devices/exposed-explainers.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectNear, largest } from '../../support/references/differences.js'

/** Relative to the largest value of a map. */
const tolerance = 1e-5

const random = seededRandom(41)

/** Convolutions of one, two and three dimensions, with a gate, a branch, a stride and pooling. */
const nets: readonly { title: string; shape: readonly number[]; last: string; build: Build }[] = [
  {
    title: 'a time series',
    shape: [12, 3],
    last: 'conv1d',
    build: (x) => {
      const y = tf.layers.conv1d({ filters: 4, kernelSize: 3, activation: 'tanh', name: 'conv1d' })
      return tf.layers.globalAveragePooling1d().apply(y.apply(x)) as tf.SymbolicTensor
    },
  },
  {
    title: 'a picture, with a residual branch',
    shape: [9, 7, 2],
    last: 'sum',
    build: (x) => {
      const conv = (name: string): tf.layers.Layer =>
        tf.layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', strides: 2, name })
      const left = tf.layers.batchNormalization().apply(conv('left').apply(x))
      const right = conv('right').apply(x)
      const sum = tf.layers.add({ name: 'sum' }).apply([left, right] as tf.SymbolicTensor[])
      return tf.layers.flatten().apply(sum) as tf.SymbolicTensor
    },
  },
  {
    title: 'a picture whose last convolution is of pooled features',
    shape: [8, 8, 1],
    last: 'relu',
    build: (x) => {
      const wide = tf.layers.conv2d({ filters: 4, kernelSize: 3, name: 'wide' }).apply(x)
      const relu = tf.layers.activation({ activation: 'relu', name: 'relu' }).apply(wide)
      const pooled = tf.layers.averagePooling2d({ poolSize: 6 }).apply(relu)
      const head = tf.layers.conv2d({ filters: 4, kernelSize: 1, name: 'head' }).apply(pooled)
      return tf.layers.flatten().apply(head) as tf.SymbolicTensor
    },
  },
]
type Build = (x: tf.SymbolicTensor) => tf.SymbolicTensor

function modelOf({ shape, build }: (typeof nets)[number]): tf.LayersModel {
  const x = tf.input({ shape: [...shape] })
  const logits = tf.layers.dense({ units: 3, name: 'logits' }).apply(build(x)) as tf.SymbolicTensor
  const model = tf.model({ inputs: x, outputs: logits })
  tf.tidy(() => {
    model.setWeights(
      model.getWeights().map(({ size, shape: own }, k) => {
        const isVariance = model.weights[k]!.name.includes('variance')
        return tf.tensor(
          Float32Array.from(uniform(random, size, isVariance ? [0.5, 1] : [-1, 1])),
          own,
        )
      }),
    )
  })
  return disposedAfterTest(model)
}

const examples = (shape: readonly number[], count: number): NdArray => ({
  data: Float32Array.from(uniform(random, count * tf.util.sizeFromShape([...shape]), [-1, 1])),
  shape: [count, ...shape],
})

/** The formulas in float64, with TensorFlow.js's own gradients of one example at a time. */
function referenceMap(
  model: tf.LayersModel,
  layer: string,
  x: NdArray,
  example: number,
  target: number,
  method: ClassActivationMethod,
): number[] {
  return tf.tidy(() => {
    const features = tf.model({ inputs: model.inputs, outputs: model.getLayer(layer).output })
    const one = tf.tensor(x.data, [...x.shape]).slice(example, 1)
    const values = features.predict(one) as tf.Tensor
    // The part of the model after the layer, of which the input is the layer's output.
    const after = (given: tf.Tensor): tf.Scalar => {
      const found = model.getLayer(layer)
      const call = found.call.bind(found)
      found.call = () => given.clone()
      try {
        const logits = model.apply(one) as tf.Tensor
        return logits.flatten().gather([target]).asScalar()
      } finally {
        found.call = call
      }
    }
    const slopes = tf.grad(after)(values).dataSync()
    const data = values.dataSync()
    const channels = values.shape.at(-1)!
    const count = data.length / channels
    const map = new Array<number>(count).fill(0)
    for (let c = 0; c < channels; c++) {
      let mean = 0
      for (let s = 0; s < count; s++) mean += slopes[s * channels + c]! / count
      for (let s = 0; s < count; s++) {
        const slope = slopes[s * channels + c]!
        map[s]! += (method === 'grad_cam' ? mean : Math.max(0, slope)) * data[s * channels + c]!
      }
    }
    return map.map((value) => Math.max(0, value))
  })
}

describe.each(devices)('class activation maps on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(nets)('of $title are those of the formulas', async (net) => {
    const model = modelOf(net)
    const x = examples(net.shape, 5)
    const target = [0, 2, 1, 1, 0]
    for (const method of ['grad_cam', 'layer_cam'] as const) {
      using explainer = new GradCam(tfjsPredictor(model), { device, method, internalBatchSize: 2 })
      const e = await explainer.explain(x, { target })
      expect(e.meta.params['mapLayer']).toBe(net.last)
      const expected = target.map((t, i) => referenceMap(model, net.last, x, i, t, method))
      const all = Float64Array.from(expected.flat())
      expect(largest(all)).toBeGreaterThan(0.01)
      expectNear(e.maps.data, all, tolerance * largest(all))
      expect(e.attributions[0]!.shape).toEqual([5, ...net.shape.slice(0, -1), 1])
    }
  })
})

describe('class activation maps', () => {
  beforeAll(() => useDevice('cpu'))
  afterAll(() => useDevice('cpu'))

  it('accept several targets and sums in one call', async () => {
    const net = nets[1]!
    const predictor = tfjsPredictor(modelOf(net))
    const x = examples(net.shape, 3)
    using explainer = new GradCam(predictor, { device: 'cpu' })
    const each = await explainer.explain(x, { target: { each: [0, 2] } })
    const [first, second] = [
      await explainer.explain(x, { target: 0 }),
      await explainer.explain(x, { target: 2 }),
    ]
    expect(each.attributions[0]!.shape).toEqual([2, 3, 9, 7, 1])
    expect([...each.attributions[0]!.data]).toEqual([
      ...first.attributions[0]!.data,
      ...second.attributions[0]!.data,
    ])
    const sum = await explainer.explain(x, { target: { sum: [0] } })
    expect([...sum.maps.data]).toEqual([...first.maps.data])
  })

  it('from a worker are the same', async () => {
    const net = nets[2]!
    const predictor = tfjsPredictor(modelOf(net))
    const x = examples(net.shape, 2)
    using explainer = new GradCam(predictor, { device: 'cpu' })
    const own = await explainer.explain(x, { target: 1 })
    using remote = throughChannel(() => predictor as never).gradCam({ device: 'cpu' })
    const found = await remote.explain(x, { target: 1 })
    expect(found.maps).toEqual(own.maps)
    expect(found.meta.params['mapLayer']).toBe('relu')
  })

  it('of a model in workers find its layers by name', async () => {
    const net = nets[2]!
    const predictor = tfjsPredictor(modelOf(net))
    const x = examples(net.shape, 2)
    using own = new GradCam(predictor, { device: 'cpu', layer: 'relu' })
    const wanted = await own.explain(x, { target: 1 })
    using pooled = await connectPredictor(channelTo(() => predictor as never))
    for (const layer of [undefined, 'relu']) {
      using explainer = new GradCam(pooled, { device: 'cpu', layer })
      expect((await explainer.explain(x, { target: 1 })).maps).toEqual(wanted.maps)
    }
  })
})
