import * as tf from '@tensorflow/tfjs'
import { Explanation, Gradient, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { disposedAfterTest, setWeights } from '../../support/models/models.js'
import { seededRandom } from '../../support/random.js'

/** Float32 sums of a few products of order 1, times factors up to 1000. */
const tolerance = 1e-3

const words = 6
const width = 2
const length = 3
const random = seededRandom(5)
const table = Array.from({ length: words }, () =>
  Array.from({ length: width }, () => 2 * random() - 1),
)
const tokens = (): number[][] =>
  [0, 1].map(() => Array.from({ length }, () => 1 + Math.floor(random() * (words - 1))))

const named = ['first', 'second', 'third'] as const

/** The weight of each input in the output; all are different. */
const factors = [1, 30, 1000]

const permutations: readonly (readonly number[])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]

/**
 * Σ_k factor_k · mean(E[x_k]), E an embedding that is called on three inputs in one order, while its results are joined
 * in another.
 */
function siamese(joined: readonly number[], called: readonly number[] = [0, 1, 2]): tf.LayersModel {
  const inputs = named.map((name) => tf.input({ shape: [length], name, dtype: 'int32' }))
  const embedding = tf.layers.embedding({ inputDim: words, outputDim: width, name: 'words' })
  const branches: tf.SymbolicTensor[] = []
  for (const k of called) {
    const vectors = embedding.apply(inputs[k]!) as tf.SymbolicTensor
    const flat = tf.layers.flatten().apply(vectors) as tf.SymbolicTensor
    branches[k] = flat
  }
  const all = tf.layers.concatenate().apply(joined.map((k) => branches[k]!))
  const outputs = tf.layers.dense({ units: 1, useBias: false }).apply(all) as tf.SymbolicTensor
  const model = disposedAfterTest(tf.model({ inputs, outputs }))
  const size = length * width
  setWeights(model, [
    table,
    joined.flatMap((k) => Array.from({ length: size }, () => [factors[k]! / size])),
  ])
  return model
}

/** For a linear model: factor · (E[id] − E[0]) / size, and factor / size. */
const closedForm = (k: number, ids: number[][]): { path: number[]; gradient: number[] } => {
  const size = length * width
  const path = ids
    .flat()
    .flatMap((id) => table[id]!.map((e, j) => (factors[k]! * (e - table[0]![j]!)) / size))
  return { path, gradient: path.map(() => factors[k]! / size) }
}

describe.each(devices)('calls of one layer on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const options = { device, layer: 'words' } as const

  it.each(permutations)(
    'joined as %d, %d, %d, are in the order of the calls',
    async (...joined) => {
      const x = named.map(tokens)
      const predictor = tfjsPredictor(siamese(joined))
      using path = new IntegratedGradients(predictor, { ...options, nSteps: 2 })
      using slope = new Gradient(predictor, options)
      const integrated = await path.explain(x)
      const gradient = await slope.explain(x)
      for (const e of [integrated, gradient]) expect(e.attributionNames).toEqual([...named])
      expectNear(integrated.deltas.data, [0, 0], tolerance)
      for (const [k, ids] of x.entries()) {
        const expected = closedForm(k, ids)
        expectNear(integrated.attributions[k]!.data, expected.path, tolerance)
        expectNear(gradient.attributions[k]!.data, expected.gradient, tolerance)
        expect(integrated.attribution(named[k]!)).toBe(integrated.attributions[k])
      }
    },
  )

  it.each(permutations)('made as %d, %d, %d, are in that order', async (...called) => {
    const ids = named.map(tokens)
    using explainer = new IntegratedGradients(tfjsPredictor(siamese([2, 0, 1], called)), options)
    const e = await explainer.explain({ third: ids[2]!, first: ids[0]!, second: ids[1]! })
    expect(e.attributionNames).toEqual(called.map((k) => named[k]))
    for (const [k, name] of named.entries()) {
      expectNear(e.attribution(name).data, closedForm(k, ids[k]!).path, tolerance)
    }
    const read = Explanation.fromJSON(JSON.stringify(e))
    expectNear(read.attribution('second').data, closedForm(1, ids[1]!).path, tolerance)
  })

  it('on one and the same tensor are told apart', async () => {
    const input = tf.input({ shape: [2], name: 'x' })
    const shared = tf.layers.dense({ units: 1, useBias: false, name: 'shared' })
    const [once, again] = [0, 1].map(() => shared.apply(input) as tf.SymbolicTensor)
    const joined = tf.layers.concatenate().apply([again!, once!])
    const outputs = tf.layers.dense({ units: 1, useBias: false }).apply(joined)
    const model = disposedAfterTest(
      tf.model({ inputs: input, outputs: outputs as tf.SymbolicTensor }),
    )
    setWeights(model, [
      [[2], [3]],
      [[100], [1]],
    ])
    using explainer = new Gradient(tfjsPredictor(model), { device, layer: 'shared' })
    const e = await explainer.explain([[1, 1]])
    expect(e.attributionNames).toEqual(['shared(x)', 'shared(x)#2'])
    expect([...e.attribution('shared(x)').data]).toEqual([1])
    expect([...e.attribution('shared(x)#2').data]).toEqual([100])
  })

  it('of a layer in a model that is called twice have the names of the calls around it', async () => {
    const inner = tf.sequential({
      name: 'encoder',
      layers: [
        tf.layers.dense({ units: 2, useBias: false, inputShape: [2], name: 'within' }),
        tf.layers.dense({ units: 1, useBias: false, name: 'after' }),
      ],
    })
    const inputs = ['question', 'answer'].map((name) => tf.input({ shape: [2], name }))
    const [q, a] = inputs.map((input) => inner.apply(input) as tf.SymbolicTensor)
    const joined = tf.layers.concatenate().apply([a!, q!])
    const outputs = tf.layers.dense({ units: 1, useBias: false }).apply(joined)
    const model = disposedAfterTest(tf.model({ inputs, outputs: outputs as tf.SymbolicTensor }))
    setWeights(model, [
      [
        [1, 2],
        [3, 4],
      ],
      [[5], [7]],
      [[100], [1]],
    ])
    using explainer = new Gradient(tfjsPredictor(model), { device, layer: ['within', 'encoder'] })
    const e = await explainer.explain({ question: [[1, 0]], answer: [[0, 1]] })
    expect(e.attributionNames).toEqual([
      'within(question)',
      'within(answer)',
      'encoder(question)',
      'encoder(answer)',
    ])
    expect([...e.attribution('within(question)').data]).toEqual([5, 7])
    expect([...e.attribution('within(answer)').data]).toEqual([500, 700])
    expect([...e.attribution('encoder(question)').data]).toEqual([1])
    expect([...e.attribution('encoder(answer)').data]).toEqual([100])
  })

  it('that the chosen output does not use are left out', async () => {
    const inputs = ['question', 'answer'].map((name) => tf.input({ shape: [2], name }))
    const shared = tf.layers.dense({ units: 2, useBias: false, name: 'shared' })
    const heads = inputs.map((input, k) =>
      tf.layers
        .dense({ units: 1, useBias: false, name: `head${k}` })
        .apply(shared.apply(input) as tf.SymbolicTensor),
    )
    const model = disposedAfterTest(tf.model({ inputs, outputs: heads as tf.SymbolicTensor[] }))
    setWeights(model, [
      [
        [1, 0],
        [0, 1],
      ],
      [[1], [2]],
      [[3], [4]],
    ])
    const predictor = tfjsPredictor(model, { output: 'head1' })
    using explainer = new Gradient(predictor, { device, layer: 'shared' })
    const e = await explainer.explain([[[1, 1]], [[1, 1]]])
    expect(e.attributionNames).toEqual(['shared'])
    expect([...e.attribution('shared').data]).toEqual([3, 4])
  })

  it('leave the model as it was', async () => {
    const model = siamese([1, 2, 0])
    const layer = model.getLayer('words')
    const nodes = layer.inboundNodes.length
    using explainer = new Gradient(tfjsPredictor(model), options)
    await explainer.explain(named.map(tokens))
    expect(layer.inboundNodes).toHaveLength(nodes)
    for (const { outputTensors } of layer.inboundNodes) {
      expect(outputTensors[0]!.sourceLayer).toBe(layer)
    }
  })
})
