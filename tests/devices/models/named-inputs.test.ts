import * as tf from '@tensorflow/tfjs'
import {
  type ArrayLike,
  ExpectedGradients,
  Gradient,
  IntegratedGradients,
  type NdArray,
  type Predictor,
} from 'gradlens'
import { AttributionEvaluator } from 'gradlens/evaluation'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear, rowOf } from '../../support/references/differences.js'
import { loadGraph, node, placeholder } from '../../support/models/graph-models.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Float32 sums of a few products, of order 1. */
const tolerance = 1e-5

const random = seededRandom(71)
const kernel = Array.from({ length: 3 }, () => [...uniform(random, 2, [-1, 1])])
const x = Array.from({ length: 3 }, () => [...uniform(random, 3, [-1, 1])])
const baselines = [0.5, -0.5, 0.25]
const target = [0, 1, 1]
const mask = [
  [1, 1, 0],
  [0, 1, 1],
  [1, 0, 0],
]

const weightsAfterTest = (): tf.Variable => {
  const made = tf.tidy(() => tf.variable(tf.tensor2d(kernel)))
  onTestFinished(() => {
    made.dispose()
  })
  return made
}

/** softmax(tanh(x ⊙ mask) W), the mask of integers, behind which nothing has a gradient. */
const graph = {
  nodes: [
    placeholder('x', [-1, 3]),
    placeholder('mask', [-1, 3], 'DT_INT32'),
    node('gates', 'Cast', ['mask'], { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } }),
    node('open', 'Mul', ['x', 'gates']),
    node('hidden', 'Tanh', ['open']),
    node('logits', 'MatMul', ['hidden', 'kernel']),
    node('probabilities', 'Softmax', ['logits']),
  ],
  weights: { kernel: [3, 2] },
}

function functional(): Predictor<tf.Tensor> {
  const w = weightsAfterTest()
  return tfjsPredictor({
    call: (gates, input) => tf.softmax(tf.matMul(tf.tanh(input.mul(gates)), w)),
    variables: [w],
    inputs: [
      { shape: [3], name: 'mask', dtype: 'int32' },
      { shape: [3], name: 'x' },
    ],
  })
}

async function graphed(): Promise<Predictor<tf.Tensor>> {
  const model = await loadGraph(graph)
  tf.tidy(() => {
    const [own] = model.weights['kernel']!
    tf.dispose(own!)
    model.weights['kernel'] = [tf.keep(tf.tensor2d(kernel))]
  })
  return tfjsPredictor(model)
}

function layered(): Predictor<tf.Tensor> {
  const [input, gates] = [
    tf.input({ shape: [3], name: 'x' }),
    tf.input({ shape: [3], name: 'mask', dtype: 'int32' }),
  ]
  const open = tf.layers.multiply({ name: 'open' }).apply([input, gates]) as tf.SymbolicTensor
  const hidden = tf.layers.activation({ activation: 'tanh', name: 'hidden' }).apply(open)
  const last = tf.layers.dense({ units: 2, useBias: false, activation: 'softmax' })
  const outputs = last.apply(hidden) as tf.SymbolicTensor
  const model = disposedAfterTest(tf.model({ inputs: [input, gates], outputs }))
  tf.tidy(() => {
    model.setWeights([tf.tensor2d(kernel)])
  })
  return tfjsPredictor(model)
}

/** A model of x alone, the mask of one example built in. */
function closed(gates: readonly number[]): Predictor<tf.Tensor> {
  const w = weightsAfterTest()
  return tfjsPredictor({
    call: (input) => tf.softmax(tf.matMul(tf.tanh(input.mul(tf.tensor1d([...gates]))), w)),
    variables: [w],
    inputs: [{ shape: [3] }],
  })
}

const kinds = [
  { kind: 'a function', build: functional },
  { kind: 'a GraphModel', build: graphed },
  { kind: 'a LayersModel', build: layered },
]
interface Batch {
  readonly points: number[][]
  readonly gates: number[][]
}

/** Inputs that are given by their names, among the further arguments. */

describe.each(devices)('an input of a model on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(kinds)(
    'of $kind that is passed by name stays constant along the path, and gets no attributions',
    async ({ build }) => {
      const predictor = await build()
      const options = { device, nSteps: 4, internalBatchSize: 5 }
      using integrated = new IntegratedGradients(predictor, options)
      const e = await integrated.explain(x, { target, baselines, forwardKwargs: { mask } })
      expect(e.attributions.map(({ shape }) => shape)).toEqual([[3, 3]])
      expect((e.x as NdArray).shape).toEqual([3, 3])
      expect(e.forwardKwargs['mask']!.shape).toEqual([3, 3])
      using gradient = new Gradient(predictor, {
        device,
        forwardArgExtractor: ({ points }: Batch) => points,
        additionalForwardArgExtractor: ({ gates }: Batch) => ({ mask: gates }),
      })
      const g = await gradient.explain({ points: x, gates: mask }, { target })
      for (const [i, row] of x.entries()) {
        const alone = closed(mask[i]!)
        using path = new IntegratedGradients(alone, options)
        const of = await path.explain(row, { target: target[i]!, baselines })
        expectNear(rowOf(e.attributions[0]!, i), of.attributions[0]!.data, tolerance)
        expectNear([e.deltas.data[i]!], of.deltas.data, tolerance)
        using plain = new Gradient(alone, { device })
        const slope = await plain.explain(row, { target: target[i]! })
        expectNear(rowOf(g.attributions[0]!, i), slope.attributions[0]!.data, tolerance)
      }
    },
  )
})

describe('an input that is passed by name', () => {
  beforeAll(() => useDevice('cpu'))
  const options = { device: 'cpu' } as const

  it.each(kinds.slice(1))('reaches layers of $kind too', async ({ build }) => {
    const predictor = await build()
    using explainer = new IntegratedGradients(predictor, { ...options, layer: 'hidden' })
    const e = await explainer.explain(x, { target, baselines, forwardKwargs: { mask } })
    expectNear(e.deltas.data, [0, 0, 0], tolerance)
    // What the mask hides is at the baseline as it is at x.
    for (const [i, row] of mask.entries()) {
      for (const [k, gate] of row.entries()) {
        const attribution = rowOf(e.attributions[0]!, i)[k]!
        expect(attribution === 0).toBe(gate === 0)
      }
    }
  })

  it('is each example’s own at the baselines that are drawn for it', async () => {
    using explainer = new ExpectedGradients(functional(), { ...options, nSamples: 40 })
    const e = await explainer.explain(x, {
      target,
      background: [baselines],
      forwardKwargs: { mask },
    })
    for (const [i, row] of mask.entries()) {
      for (const [k, gate] of row.entries()) {
        expect(rowOf(e.attributions[0]!, i)[k] === 0).toBe(gate === 0)
      }
    }
  })

  it('is each example’s own in the measures of attributions', async () => {
    const asked = { target, baselines, forwardKwargs: { mask } }
    using explainer = new IntegratedGradients(functional(), { ...options, nSteps: 20 })
    const { attributions } = await explainer.explain(x, asked)
    using evaluator = new AttributionEvaluator(functional(), { ...options, batchSize: 2 })
    const { deltas } = await evaluator.completeness(x, attributions, asked)
    expectNear(deltas.data, [0, 0, 0], tolerance)
    const unmasked = { ...asked, forwardKwargs: { mask: mask.map((row) => row.map(() => 1)) } }
    const { mean } = await evaluator.completeness(x, attributions, unmasked)
    expect(mean).toBeGreaterThan(100 * tolerance)
  })

  it('needs no gradient, unlike one of several inputs in x', async () => {
    using explainer = new Gradient(await graphed(), options)
    await expect(explainer.explain([x, mask], { target })).rejects.toMatchObject({
      name: 'UnsupportedError',
      message: expect.stringContaining("input 'mask'") as unknown,
    })
  })

  it.each<[Readonly<Record<string, ArrayLike>>, string, string, string]>([
    [{ mask: [[1, 1, 0]] }, 'mask', 'shape [1, 3]', '3 rows, one per example'],
    [{ mask: mask.map((row) => row.slice(1)) }, 'mask', 'shape [3, 2]', "model input 'mask'"],
    [{ mask: 1 }, 'mask', 'shape []', "shape [examples, 3] for model input 'mask'"],
    [{ x, mask }, '', 'all inputs of the model (mask, x)', 'x needs one'],
  ])('is refused where it does not fit: %j', async (forwardKwargs, name, got, expected) => {
    using explainer = new IntegratedGradients(functional(), options)
    const refusal = await explainer
      .explain(x, { target, forwardKwargs })
      .catch((error: unknown) => error)
    expect(refusal).toMatchObject({ name: 'InvalidArgumentError' })
    const { message } = refusal as Error
    expect(message).toContain(name === '' ? 'forwardKwargs: got' : `forwardKwargs.${name}: got`)
    expect(message).toContain(got)
    expect(message).toContain(expected)
  })

  it.each(kinds.slice(0, 2))('must be an input of $kind', async ({ build }) => {
    using explainer = new IntegratedGradients(await build(), options)
    const wrong = { mask, gate: mask }
    await expect(explainer.explain(x, { target, forwardKwargs: wrong })).rejects.toMatchObject({
      name: 'UnsupportedError',
      message: expect.stringContaining("got 'gate'") as unknown,
    })
  })
})
