import * as tf from '@tensorflow/tfjs'
import { Gradient, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import golden from '../../fixtures/alibi-golden.json'
import { densePredictor } from '../../support/models/dense-net.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { expectClose } from '../../support/suites/golden-suite.js'
import { denseNet, disposedAfterTest, setWeights } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

/** Float32 sums of a few products, of order 1. */
const tolerance = 1e-5

const random = seededRandom(21)
const rowsOfLength = (count: number, length: number): number[][] =>
  Array.from({ length: count }, () => [...uniform(random, length, [-1, 1])])

/** tanh(x W) of two numbers into three, and from there, or past it, to one number. */
function skipModel(): tf.LayersModel {
  const x = tf.input({ shape: [2], name: 'x' })
  const hidden = tf.layers
    .dense({ units: 3, activation: 'tanh', name: 'hidden' })
    .apply(x) as tf.SymbolicTensor
  const past = tf.layers.dense({ units: 3, name: 'past' }).apply(x) as tf.SymbolicTensor
  const sum = tf.layers.add({ name: 'sum' }).apply([hidden, past]) as tf.SymbolicTensor
  const outputs = tf.layers.dense({ units: 1, name: 'last' }).apply(sum) as tf.SymbolicTensor
  const model = disposedAfterTest(tf.model({ inputs: x, outputs }))
  setWeights(model, [
    ...[rowsOfLength(2, 3), [0.1, 0.2, -0.3]],
    ...[rowsOfLength(2, 3), [0, 0, 0]],
    ...[[[1], [-2], [0.5]], [0.25]],
  ])
  return model
}

const productWeights = [1, -2, 0.5]

/** Σ w ⊙ tanh(x A) ⊙ (x B), by layers named 'hidden' and 'past', and what these give for an x. */
function productModel(): {
  model: tf.LayersModel
  at: (x: readonly number[]) => { hidden: number[]; past: number[] }
} {
  const x = tf.input({ shape: [2] })
  const [a, b] = [rowsOfLength(2, 3), rowsOfLength(2, 3)]
  const dense = (name: string, activation: 'tanh' | 'linear'): tf.SymbolicTensor =>
    tf.layers.dense({ units: 3, activation, useBias: false, name }).apply(x) as tf.SymbolicTensor
  const product = tf.layers.multiply().apply([dense('hidden', 'tanh'), dense('past', 'linear')])
  const outputs = tf.layers.dense({ units: 1, useBias: false }).apply(product)
  const model = disposedAfterTest(tf.model({ inputs: x, outputs: outputs as tf.SymbolicTensor }))
  setWeights(model, [a, b, productWeights.map((w) => [w])])
  const times = (row: readonly number[], kernel: number[][]): number[] =>
    [0, 1, 2].map((k) => row[0]! * kernel[0]![k]! + row[1]! * kernel[1]![k]!)
  return {
    model,
    at: (row) => ({ hidden: times(row, a).map(Math.tanh), past: times(row, b) }),
  }
}

/** What attributions at layers must be, whatever computes them. */

describe.each(devices)('attributions at layers on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const options = { device } as const
  const { ig_softmax: softmax } = golden

  it.each([
    ['the last layer’s outputs', 1, false, golden.ig_softmax_layer2_outputs],
    ['the last layer’s inputs', 1, true, golden.ig_softmax_layer2_inputs],
    ['the first layer’s outputs', 0, false, golden.ig_softmax_layer1_outputs],
  ])('are alibi’s: %s', async (_, index, attributeToLayerInputs, expected) => {
    const model = denseNet(softmax.weights, ['tanh', 'softmax'])
    using explainer = new IntegratedGradients(tfjsPredictor(model), {
      ...options,
      layer: model.layers[index],
    })
    const e = await explainer.explain(softmax.X, {
      target: softmax.target,
      // All layer cases of the file have the same ones, so it has them once.
      baselines: golden.ig_softmax_layer2_outputs.baselines,
      attributeToLayerInputs,
    })
    expectClose(e.attributions[0]!, expected.attributions)
    expectClose(e.deltas, expected.deltas)
  })

  it('are alibi’s for the tokens of an embedding', async () => {
    const { weights, X, target, attributions, deltas } = golden.ig_embedding
    const model = disposedAfterTest(
      tf.sequential({
        layers: [
          tf.layers.embedding({ inputDim: 12, outputDim: 3, inputLength: 6 }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 4, activation: 'tanh' }),
          tf.layers.dense({ units: 2, activation: 'softmax' }),
        ],
      }),
    )
    setWeights(model, weights)
    using explainer = new IntegratedGradients(tfjsPredictor(model), {
      ...options,
      layer: (of: tf.LayersModel) => of.layers[0],
    })
    const e = await explainer.explain(X, { target })
    expect(e.attributions[0]!.shape).toEqual([4, 6, 3])
    expectClose(e.attributions[0]!, attributions)
    expectClose(e.deltas, deltas)
  })

  it('agree with a net in plain float64, gradients and integrated gradients alike', async () => {
    const layers = randomLayers([4, 6, 3], 'softmax')
    const x = rowsOfLength(3, 4)
    const model = sequentialOf(layers)
    for (const layer of [0, 1]) {
      using own = new Gradient(tfjsPredictor(model), { ...options, layer: model.layers[layer] })
      using reference = new Gradient(densePredictor(layers), { device: 'cpu', layer })
      const expected = await reference.explain(x, { target: 1 })
      const e = await own.explain(x, { target: 1 })
      expectNear(e.attributions[0]!.data, expected.attributions[0]!.data, tolerance)
      using path = new IntegratedGradients(tfjsPredictor(model), {
        ...options,
        layer: model.layers[layer]!.name,
      })
      using pathReference = new IntegratedGradients(densePredictor(layers), {
        device: 'cpu',
        layer,
      })
      const integrated = await path.explain(x, { target: 1 })
      const wanted = await pathReference.explain(x, { target: 1 })
      expectNear(integrated.attributions[0]!.data, wanted.attributions[0]!.data, tolerance)
      expectNear(integrated.deltas.data, new Float64Array(3), tolerance)
    }
  })

  it('see the example itself on every other route to the output', async () => {
    const model = skipModel()
    const x = rowsOfLength(3, 2)
    using explainer = new IntegratedGradients(tfjsPredictor(model), {
      ...options,
      layer: 'hidden',
    })
    const e = await explainer.explain(x, { baselines: [0.5, -0.5] })
    // After the layer all is linear: the attribution is v ⊙ (h(x) − h(b)), whatever comes past it.
    const hidden = tf.model({ inputs: model.inputs, outputs: model.getLayer('hidden').output })
    const expected = tf.tidy(() => {
      const at = hidden.predict(tf.tensor2d(x)) as tf.Tensor
      const from = hidden.predict(tf.tensor2d([[0.5, -0.5]])) as tf.Tensor
      return at.sub(from).mul([1, -2, 0.5]).dataSync()
    })
    expectNear(e.attributions[0]!.data, expected, tolerance)
    expectNear(e.deltas.data, new Float64Array(3), tolerance)
  })

  it('see the value at x on a route that multiplies, and not the baseline', async () => {
    const { model, at } = productModel()
    const x = rowsOfLength(3, 2)
    const baselines = [0.5, -0.5]
    const [ofX, ofBaseline] = [x.map(at), at(baselines)]
    // Σ w h p: along the path of h alone, p stays that of x; along the path of both, its mean is half way.
    const expected = (paths: 'hidden' | 'both'): number[] =>
      ofX.flatMap(({ hidden, past }) =>
        hidden.map((h, k) => {
          const other = paths === 'hidden' ? past[k]! : (past[k]! + ofBaseline.past[k]!) / 2
          return productWeights[k]! * (h - ofBaseline.hidden[k]!) * other
        }),
      )
    const predictor = tfjsPredictor(model)
    using one = new IntegratedGradients(predictor, { ...options, layer: 'hidden' })
    const alone = await one.explain(x, { baselines })
    expectNear(alone.attributions[0]!.data, expected('hidden'), tolerance)
    using several = new IntegratedGradients(predictor, { ...options, layer: ['past', 'hidden'] })
    const both = await several.explain(x, { baselines })
    expectNear(both.attributions[1]!.data, expected('both'), tolerance)
    for (const { deltas } of [alone, both]) expectNear(deltas.data, [0, 0, 0], tolerance)
    using slopes = new Gradient(predictor, { ...options, layer: 'hidden' })
    const gradient = await slopes.explain(x)
    const slope = ofX.flatMap(({ past }) => past.map((p, k) => productWeights[k]! * p))
    expectNear(gradient.attributions[0]!.data, slope, tolerance)
  })

  it('are all assigned to the last of several calls in a row, including a layer called on its own output', async () => {
    const input = tf.input({ shape: [2] })
    const shared = tf.layers.dense({ units: 2, activation: 'tanh', name: 'shared' })
    const once = shared.apply(input) as tf.SymbolicTensor
    const twice = shared.apply(once) as tf.SymbolicTensor
    const outputs = tf.layers.dense({ units: 1, useBias: false, name: 'last' }).apply(twice)
    const model = disposedAfterTest(
      tf.model({ inputs: input, outputs: outputs as tf.SymbolicTensor }),
    )
    const kernel = rowsOfLength(2, 2)
    setWeights(model, [kernel, [0.1, -0.2], [[2], [-1]]])
    const layer = (row: readonly number[]): number[] =>
      [0, 1].map((j) =>
        Math.tanh(row[0]! * kernel[0]![j]! + row[1]! * kernel[1]![j]! + [0.1, -0.2][j]!),
      )
    const x = rowsOfLength(2, 2)
    const atBaseline = layer(layer([0, 0]))
    const moved = x.map((row) => layer(layer(row)).map((value, j) => value - atBaseline[j]!))
    const predictor = tfjsPredictor(model)
    using explainer = new IntegratedGradients(predictor, { ...options, layer: 'shared' })
    const e = await explainer.explain(x)
    expect(e.attributions[0]!.data.every((value) => value === 0)).toBe(true)
    const expected = moved.flatMap(([a, b]) => [2 * a!, -b!])
    expectNear(e.attributions[1]!.data, expected, tolerance)
    expectNear(e.deltas.data, [0, 0], tolerance)
    using inARow = new IntegratedGradients(predictor, { ...options, layer: ['shared', 'last'] })
    const { attributions } = await inARow.explain(x)
    for (const { data } of attributions.slice(0, 2)) {
      expect(data.every((value) => value === 0)).toBe(true)
    }
    expectNear(
      attributions[2]!.data,
      moved.map(([a, b]) => 2 * a! - b!),
      tolerance,
    )
  })

  it('give one array per input of a layer that takes several', async () => {
    const model = skipModel()
    const x = rowsOfLength(2, 2)
    using explainer = new IntegratedGradients(tfjsPredictor(model), { ...options, layer: 'sum' })
    const e = await explainer.explain(x, { attributeToLayerInputs: true })
    expect(e.attributions.map(({ shape }) => shape)).toEqual([
      [2, 3],
      [2, 3],
    ])
    using whole = new IntegratedGradients(tfjsPredictor(model), { ...options, layer: 'sum' })
    const outputs = await whole.explain(x)
    const sum = e.attributions[0]!.data.map((value, k) => value + e.attributions[1]!.data[k]!)
    expectNear(sum, outputs.attributions[0]!.data, tolerance)
    expectNear(e.deltas.data, new Float64Array(2), tolerance)
  })

  it('give one array per call of a layer that is used twice', async () => {
    const [left, right] = [tf.input({ shape: [2] }), tf.input({ shape: [2] })]
    const shared = tf.layers.dense({ units: 3, activation: 'tanh', name: 'shared' })
    const joined = tf.layers
      .concatenate()
      .apply([left, right].map((input) => shared.apply(input) as tf.SymbolicTensor))
    const outputs = tf.layers.dense({ units: 1, activation: 'tanh' }).apply(joined)
    const model = disposedAfterTest(
      tf.model({ inputs: [left, right], outputs: outputs as tf.SymbolicTensor }),
    )
    const x = [rowsOfLength(2, 2), rowsOfLength(2, 2)]
    using explainer = new IntegratedGradients(tfjsPredictor(model), {
      ...options,
      layer: 'shared',
    })
    const e = await explainer.explain(x)
    expect(e.attributions.map(({ shape }) => shape)).toEqual([
      [2, 3],
      [2, 3],
    ])
    expectNear(e.deltas.data, new Float64Array(2), tolerance)
  })

  it('reach into the models within a model', async () => {
    const inner = tf.sequential({
      name: 'inner',
      layers: [
        tf.layers.dense({ units: 3, activation: 'tanh', inputShape: [2], name: 'within' }),
        tf.layers.dense({ units: 2, activation: 'tanh', name: 'after' }),
      ],
    })
    const model = disposedAfterTest(
      tf.sequential({ layers: [inner, tf.layers.dense({ units: 1, name: 'last' })] }),
    )
    const x = rowsOfLength(2, 2)
    const attributions: NdArray[] = []
    for (const layer of ['after', 'inner']) {
      using explainer = new IntegratedGradients(tfjsPredictor(model), { ...options, layer })
      const e = await explainer.explain(x)
      expectNear(e.deltas.data, new Float64Array(2), tolerance)
      attributions.push(e.attributions[0]!)
    }
    // What the last layer of the inner model gives is what the inner model gives.
    expectNear(attributions[0]!.data, attributions[1]!.data, tolerance)
    using explainer = new Gradient(tfjsPredictor(model), {
      ...options,
      layer: ['within', 'last'],
    })
    const e = await explainer.explain(x)
    expect(e.attributions.map(({ shape }) => shape[1])).toEqual([3, 1])
  })

  it('leave the layers as they were, also when a call throws', async () => {
    const model = skipModel()
    const layer = model.getLayer('hidden')
    const ownKeys = Object.getOwnPropertyNames(layer)
    using explainer = new IntegratedGradients(tfjsPredictor(model), {
      ...options,
      layer: 'hidden',
    })
    await explainer.explain(rowsOfLength(2, 2))
    expect(Object.getOwnPropertyNames(layer)).toEqual(ownKeys)
    const last = model.getLayer('last')
    last.call = () => {
      throw new Error('broken')
    }
    await expect(explainer.explain(rowsOfLength(2, 2))).rejects.toThrow('broken')
    expect(Object.getOwnPropertyNames(layer)).toEqual(ownKeys)
  })

  it('name close matches of a layer that does not exist, and what an input layer is', async () => {
    const model = skipModel()
    const predictor = tfjsPredictor(model)
    const x = rowsOfLength(1, 2)
    for (const [layer, ...parts] of [
      ['hiden', "'hiden'", "'hidden'"],
      [tf.layers.flatten(), 'a layer of model', "'hidden'"],
      ['x', 'an input of the model'],
      [[], 'a layer or a list of layers'],
    ] as const) {
      using explainer = new IntegratedGradients(predictor, { ...options, layer })
      await expectError(() => explainer.explain(x), 'InvalidArgumentError', ...parts)
    }
  })

  it('refuse a layer without a differentiable way to the output', async () => {
    class ArgMax extends tf.layers.Layer {
      static readonly className = 'GradlensTestArgMax'
      override computeOutputShape([batch]: tf.Shape): tf.Shape {
        return [batch!, 1]
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        const x = Array.isArray(inputs) ? inputs[0]! : inputs
        return x.argMax(1).toFloat().expandDims(1)
      }
    }
    const model = disposedAfterTest(
      tf.sequential({
        layers: [
          tf.layers.dense({ units: 3, inputShape: [2], name: 'before' }),
          new ArgMax({}),
          tf.layers.dense({ units: 1 }),
        ],
      }),
    )
    using explainer = new Gradient(tfjsPredictor(model), { ...options, layer: 'before' })
    await expectError(
      () => explainer.explain(rowsOfLength(1, 2)),
      'UnsupportedError',
      "layer 'before'",
      'differentiable',
    )
  })
})
