import * as tf from '@tensorflow/tfjs'
import {
  type ArrayLike,
  Gradient,
  IntegratedGradients,
  type IntegratedGradientsOptions,
  type NdArray,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DenseLayer } from '../../support/models/dense-net.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear, rowOf } from '../../support/references/differences.js'
import { denseNet, disposedAfterTest, setWeights } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

/** Float32 gradients and outputs of order 1. */
const tolerance = 1e-5

/**
 * |Σ attributions − (F(x) − F(b))| with 40 steps: the one-sided rules miss half a step, the middle and the trapezoid
 * rule are of second order, Gauss–Legendre is exact to float32.
 */
const completenessOf = {
  riemann_left: 0.05,
  riemann_right: 0.05,
  riemann_middle: 1e-3,
  riemann_trapezoid: 1e-3,
  gausslegendre: tolerance,
} as const

const random = seededRandom(5)
const x = Array.from({ length: 3 }, () => [...uniform(random, 4, [-1, 1])])
const baseline = [0.25, -0.5, 0, 0.75]

const classifier = (seed = 1): tf.Sequential =>
  sequentialOf(randomLayers([4, 6, 3], 'softmax', seed))

const likeliest = (predictions: NdArray): number[] =>
  Array.from({ length: predictions.shape[0] ?? 0 }, (_, i) => {
    const p = rowOf(predictions, i)
    return p.indexOf(Math.max(...p))
  })

/** Passes its input on, multiplied by the forward argument `gain` where that is given. */
class Gain extends tf.layers.Layer {
  static readonly className = 'GradlensTestGain'

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs
    const { gain } = kwargs as { gain?: tf.Tensor }
    return gain === undefined ? input : tf.mul(input, gain)
  }
}

/** What integrated gradients must be, whatever computes them. */

describe.each(devices)('integrated gradients on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  const explain = async (
    model: tf.LayersModel,
    of: ArrayLike,
    options: Parameters<IntegratedGradients['explain']>[1] = {},
    made: IntegratedGradientsOptions = {},
  ): ReturnType<IntegratedGradients['explain']> => {
    using explainer = new IntegratedGradients(tfjsPredictor(model), { device, ...made })
    return await explainer.explain(of, options)
  }

  it.each(Object.keys(completenessOf) as (keyof typeof completenessOf)[])(
    'sum to the difference that they explain, up to the delta: %s',
    async (method) => {
      for (const seed of [1, 2, 3]) {
        const made = { method, nSteps: 40 }
        const model = classifier(seed)
        const e = await explain(model, x, { target: [0, 1, 2], baselines: baseline }, made)
        const atBaseline = await explain(model, baseline, { target: 0 }, { nSteps: 1 })
        for (const i of [0, 1, 2]) {
          const sum = rowOf(e.attributions[0]!, i).reduce((total, value) => total + value, 0)
          const [to, from] = [e.predictions.data[i * 3 + i]!, atBaseline.predictions.data[i]!]
          const delta = e.deltas.data[i]!
          expectNear([sum - (to - from)], [delta], tolerance)
          expectNear([delta], [0], completenessOf[method])
        }
      }
    },
  )

  it('of a linear model are its weights times the distance from the baseline', async () => {
    const weights = [0.5, -2, 0, 3]
    const model = denseNet([weights.map((weight) => [weight]), [0.7]], ['linear'])
    const { attributions, deltas } = await explain(model, x, { baselines: baseline }, { nSteps: 3 })
    const expected = x.flatMap((row) => row.map((value, k) => weights[k]! * (value - baseline[k]!)))
    expectNear(attributions[0]!.data, expected, tolerance)
    expectNear(deltas.data, [0, 0, 0], tolerance)
  })

  it('are linear in the model', async () => {
    const a = randomLayers([4, 3, 1], 'linear', 7)
    const b = randomLayers([4, 3, 1], 'linear', 8)
    const [aHidden, aLast, bHidden, bLast] = [a[0]!, a[1]!, b[0]!, b[1]!]
    const both: DenseLayer[] = [
      {
        kernel: aHidden.kernel.map((row, i) => [...row, ...bHidden.kernel[i]!]),
        bias: [...aHidden.bias, ...bHidden.bias],
        activation: 'tanh',
      },
      {
        kernel: [
          ...aLast.kernel.map(([w = 0]) => [2 * w]),
          ...bLast.kernel.map(([w = 0]) => [-3 * w]),
        ],
        bias: [0],
        activation: 'linear',
      },
    ]
    const [ofA, ofB, ofBoth] = [
      await explain(sequentialOf(a), x, { baselines: baseline }),
      await explain(sequentialOf(b), x, { baselines: baseline }),
      await explain(sequentialOf(both), x, { baselines: baseline }),
    ]
    const bs = ofB.attributions[0]!.data
    const expected = [...ofA.attributions[0]!.data].map((value, at) => 2 * value - 3 * bs[at]!)
    expectNear(ofBoth.attributions[0]!.data, expected, tolerance)
  })

  it('are the same for two networks that compute the same function', async () => {
    const [hidden, last] = randomLayers([4, 3, 2], 'softmax', 9) as [DenseLayer, DenseLayer]
    const order = [2, 0, 1]
    const identity = [0, 1].map((i) => [0, 1].map((j) => (i === j ? 2 : 0)))
    const other: DenseLayer[] = [
      {
        kernel: hidden.kernel.map((row) => order.map((j) => row[j]!)),
        bias: order.map((j) => hidden.bias[j]!),
        activation: 'tanh',
      },
      {
        kernel: order.map((j) => last.kernel[j]!.map((w) => w / 2)),
        bias: last.bias.map((b) => b / 2),
        activation: 'linear',
      },
      { kernel: identity, bias: [0, 0], activation: 'softmax' },
    ]
    const one = await explain(sequentialOf([hidden, last]), x, { target: 1 })
    const same = await explain(sequentialOf(other), x, { target: 1 })
    expectNear(same.attributions[0]!.data, one.attributions[0]!.data, tolerance)
  })

  it('are 0 for an input that the model does not look at, and for one that equals its baseline', async () => {
    const [hidden, last] = randomLayers([4, 3, 2], 'softmax', 10) as [DenseLayer, DenseLayer]
    const kernel = hidden.kernel.map((row, i) => (i === 1 ? row.map(() => 0) : row))
    const model = sequentialOf([{ ...hidden, kernel }, last])
    const baselines = x.map((row) => [0, 0, row[2]!, 0])
    const { attributions } = await explain(model, x, { target: 0, baselines })
    for (const i of [0, 1, 2]) {
      const [first, unseen, unmoved] = rowOf(attributions[0]!, i)
      expectNear([unseen!, unmoved!], [0, 0], tolerance)
      expect(first).not.toBe(0)
    }
  })

  it("don't depend on how many points are computed at once", async () => {
    const model = classifier()
    const of = (internalBatchSize: number): ReturnType<typeof explain> =>
      explain(model, x, { target: [2, 1, 0] }, { internalBatchSize, nSteps: 10 })
    const whole = await of(1000)
    for (const size of [1, 7, 30]) {
      const parts = await of(size)
      expectNear(parts.attributions[0]!.data, whole.attributions[0]!.data, tolerance)
      expectNear(parts.predictions.data, whole.predictions.data, tolerance)
      expectNear(parts.deltas.data, whole.deltas.data, tolerance)
    }
  })

  it('explain each example by its own target, as alone', async () => {
    const model = classifier()
    const together = await explain(model, x, { target: [2, 0, 1] })
    for (const [i, target] of [2, 0, 1].entries()) {
      const alone = await explain(model, x[i]!, { target })
      expectNear(alone.attributions[0]!.data, rowOf(together.attributions[0]!, i), tolerance)
      expect(alone.target).toEqual({ data: Int32Array.of(target), shape: [1] })
    }
  })

  it('take the target from a function of the predictions', async () => {
    const model = classifier()
    const chosen = await explain(model, x, {}, { targetFn: likeliest })
    const target = likeliest(chosen.predictions)
    expect([...chosen.target!.data]).toEqual(target)
    const given = await explain(model, x, { target })
    expect(chosen.attributions).toEqual(given.attributions)
  })

  it('explain one element of a grid of outputs, by a row of indices', async () => {
    const flat = sequentialOf(randomLayers([4, 5, 6], 'tanh', 4))
    const grid = tf.layers.reshape({ targetShape: [2, 3] }).apply(flat.outputs[0]!)
    const model = tf.model({ inputs: flat.inputs, outputs: grid as tf.SymbolicTensor })
    const target = [
      [0, 2],
      [1, 0],
      [1, 2],
    ]
    const ofGrid = await explain(model, x, { target })
    expect(ofGrid.predictions.shape).toEqual([3, 2, 3])
    expect(ofGrid.target).toEqual({ data: Int32Array.of(0, 2, 1, 0, 1, 2), shape: [3, 2] })
    const ofFlat = await explain(flat, x, { target: [2, 3, 5] })
    expectNear(ofGrid.attributions[0]!.data, ofFlat.attributions[0]!.data, tolerance)
  })

  it('keep fractions of a baseline where the input is of integers', async () => {
    const model = classifier()
    const integers = { data: Int32Array.of(3, -2, 0, 1), shape: [1, 4] }
    const baselines = 0.5
    const ofIntegers = await explain(model, integers, { target: 1, baselines })
    const ofFloats = await explain(model, [[3, -2, 0, 1]], { target: 1, baselines })
    expect(ofIntegers.attributions).toEqual(ofFloats.attributions)
    expect((ofIntegers.baselines as NdArray).data).toEqual(Float64Array.of(0.5, 0.5, 0.5, 0.5))
    expectNear(ofIntegers.deltas.data, [0], tolerance)
  })

  it('pass through fractions of an input that the model declares as integers', async () => {
    const [w] = randomLayers([4, 3], 'linear', 6) as [DenseLayer]
    const modelOf = (dtype: 'int32' | 'float32'): ReturnType<typeof tfjsPredictor> =>
      tfjsPredictor({
        call: (ids) =>
          tf.softmax(tf.matMul(tf.tanh(ids.toFloat()), tf.tensor2d(w.kernel as number[][]))),
        variables: [],
        inputs: [{ shape: [4], dtype }],
      })
    const integers = [
      [3, -2, 0, 1],
      [1, 0, 2, -1],
    ]
    const made = { device, nSteps: 7 }
    using ofIntegers = new IntegratedGradients(modelOf('int32'), made)
    using ofFloats = new IntegratedGradients(modelOf('float32'), made)
    const options = { target: 1, baselines: [0.5, 0, -0.25, 2] }
    const [e, wanted] = [
      await ofIntegers.explain(integers, options),
      await ofFloats.explain(integers, options),
    ]
    expect(e.attributions).toEqual(wanted.attributions)
    expect(e.deltas).toEqual(wanted.deltas)
    expect(e.attributions[0]!.data.some((value) => value !== 0)).toBe(true)
  })

  it("repeat further arguments along the path, and don't attribute to them", async () => {
    const [layer] = randomLayers([4, 3], 'softmax', 12) as [DenseLayer]
    const input = tf.input({ shape: [4] })
    const gained = new Gain({}).apply(input) as tf.SymbolicTensor
    const dense = tf.layers.dense({ units: 3, activation: 'softmax' })
    const model = disposedAfterTest(
      tf.model({ inputs: input, outputs: dense.apply(gained) as tf.SymbolicTensor }),
    )
    setWeights(model, [layer.kernel, layer.bias])
    const gain = [
      [1, 1, 1, 1],
      [0, 2, 0.5, 1],
      [3, 0, 0, -1],
    ]
    // The same function of x: the gain of each example in its weights.
    const e = await explain(
      model,
      x,
      { target: 1, forwardKwargs: { gain } },
      { internalBatchSize: 7 },
    )
    expect(e.attributions.length).toBe(1)
    expect(e.forwardKwargs['gain']?.shape).toEqual([3, 4])
    using gradient = new Gradient(tfjsPredictor(model), {
      device,
      additionalForwardArgExtractor: () => ({ gain }),
    })
    const slopes = await gradient.explain(x, { target: 1 })
    for (const i of [0, 1, 2]) {
      const kernel = layer.kernel.map((row, k) => row.map((w) => w * gain[i]![k]!))
      const own = sequentialOf([{ ...layer, kernel }])
      const alone = await explain(own, x[i]!, { target: 1 })
      using plain = new Gradient(tfjsPredictor(own), { device })
      const slope = await plain.explain(x[i]!, { target: 1 })
      expectNear(rowOf(slopes.attributions[0]!, i), slope.attributions[0]!.data, tolerance)
      expectNear(rowOf(e.attributions[0]!, i), alone.attributions[0]!.data, tolerance)
      expectNear([e.deltas.data[i]!], alone.deltas.data, tolerance)
    }
  })
})
