import * as tf from '@tensorflow/tfjs'
import { Gradient, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import {
  type GraphSpec,
  loadGraph,
  node,
  pictureGraph,
  placeholder,
} from '../../support/models/graph-models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'

/** Float32 sums of a few products, of order 1. */
const tolerance = 1e-5

/** tanh(x A), and past it x P; their sum times w, squashed; split in two on the way past. */
const skipGraph: GraphSpec = {
  nodes: [
    placeholder('x', [-1, 4]),
    node('product', 'MatMul', ['x', 'a']),
    node('hidden', 'Tanh', ['product']),
    node('halves', 'Split', ['axis', 'x'], { num_split: { i: '2' } }),
    node('turned', 'ConcatV2', ['halves:1', 'halves', 'axis'], { N: { i: '2' } }),
    node('past', 'MatMul', ['turned', 'p']),
    node('sum', 'AddV2', ['hidden', 'past']),
    node('score', 'MatMul', ['sum', 'w']),
    node('other', 'Sigmoid', ['past']),
    node('class', 'ArgMax', ['sum', 'axis'], { output_type: { type: 'DT_INT32' } }),
  ],
  weights: { a: [4, 3], p: [4, 3], w: [3, 1] },
  integerScalars: { axis: 1 },
}

const random = seededRandom(31)
const vectors = (count: number): number[][] =>
  Array.from({ length: count }, () => [...uniform(random, 4, [-1, 1])])
const pictures = { data: uniform(random, 3 * 72, [0, 1]), shape: [3, 6, 6, 2] }

/** Attributions at the nodes of a GraphModel. */

describe.each(devices)('attributions at nodes of a GraphModel on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const options = { device } as const

  it('see the example itself on every other route to the output', async () => {
    const model = await loadGraph(skipGraph)
    const predictor = tfjsPredictor(model, { output: 'score' })
    const x = vectors(3)
    const baselines = [0.5, -0.5, 0.1, 0]
    using explainer = new IntegratedGradients(predictor, { ...options, layer: 'hidden' })
    const e = await explainer.explain(x, { baselines })
    // After the node all is linear: w ⊙ (h(x) − h(b)), whatever comes past it.
    const expected = tf.tidy(() => {
      const hidden = (at: number[][]): tf.Tensor =>
        model.execute({ x: tf.tensor2d(at) }, 'hidden') as tf.Tensor
      const [w] = model.weights['w']!
      return hidden(x)
        .sub(hidden([baselines]))
        .mul(w!.reshape([1, 3]))
        .dataSync()
    })
    expectNear(e.attributions[0]!.data, expected, tolerance)
    expectNear(e.deltas.data, new Float64Array(3), tolerance)
  })

  it('accept several nodes at once, one of them computed from another', async () => {
    const predictor = tfjsPredictor(await loadGraph(skipGraph), { output: 'score' })
    const x = vectors(2)
    using explainer = new Gradient(predictor, { ...options, layer: ['sum', 'x', 'hidden'] })
    const e = await explainer.explain(x)
    expect(e.attributions.map(({ shape }) => shape)).toEqual([
      [2, 3],
      [2, 4],
      [2, 3],
    ])
    expectNear(e.attributions[0]!.data, e.attributions[2]!.data, tolerance)
    using alone = new Gradient(predictor, options)
    const ofInputs = await alone.explain(x)
    expectNear(e.attributions[1]!.data, ofInputs.attributions[0]!.data, tolerance)
  })

  it('are those of the part of the graph after the node', async () => {
    const model = await loadGraph(pictureGraph())
    using explainer = new IntegratedGradients(tfjsPredictor(model, { output: 'logits' }), {
      ...options,
      layer: 'flat',
    })
    const e = await explainer.explain(pictures, { target: [0, 1, 2] })
    const expected = tf.tidy(() => {
      const flat = (picture: tf.Tensor): tf.Tensor => model.execute(picture, 'flat') as tf.Tensor
      const picture = tf.tensor(pictures.data, pictures.shape)
      const kernel = model.weights['dense/kernel']![0]!
      return flat(picture)
        .sub(flat(tf.zerosLike(picture)))
        .mul(kernel.transpose())
        .dataSync()
    })
    expectNear(e.attributions[0]!.data, expected, tolerance)
    expectNear(e.deltas.data, new Float64Array(3), tolerance)
  })

  it('are the same with a batch size of 1 as with a free one', async () => {
    const [many, one] = await Promise.all(
      [pictureGraph(), pictureGraph(1)].map(async (graph) => {
        const predictor = tfjsPredictor(await loadGraph(graph), { output: 'probabilities' })
        using explainer = new Gradient(predictor, { ...options, layer: ['pool', 'conv'] })
        return await explainer.explain(pictures, { target: 1 })
      }),
    )
    for (const k of [0, 1]) {
      expect(one!.attributions[k]!.shape).toEqual(many!.attributions[k]!.shape)
      expectNear(one!.attributions[k]!.data, many!.attributions[k]!.data, tolerance)
    }
  })

  it.each([
    ['a name that is close to a node’s', 'hiden', 'InvalidArgumentError', ["'hidden'", "'hiden'"]],
    ['an object', {}, 'InvalidArgumentError', ['the name of a node', "'sum'"]],
    ['an input', 'x', 'InvalidArgumentError', ['leave the option out']],
    ['a constant', 'a', 'UnsupportedError', ["'a'", 'does not depend on the inputs', "'product'"]],
    ['a node past the output', 'other', 'UnsupportedError', ['does not depend on it', "'score'"]],
    ['a node of several tensors', 'halves', 'UnsupportedError', ['several outputs', "'turned'"]],
  ] as const)('refuse %s, and say what to name', async (_, layer, error, parts) => {
    const predictor = tfjsPredictor(await loadGraph(skipGraph), { output: 'score' })
    using explainer = new IntegratedGradients(predictor, {
      ...options,
      layer: [layer] as unknown,
    })
    await expectError(() => explainer.explain(vectors(1)), error, ...parts)
  })

  it('refuse the inputs of a node, and name the nodes that compute them', async () => {
    const predictor = tfjsPredictor(await loadGraph(skipGraph), { output: 'score' })
    using explainer = new IntegratedGradients(predictor, { ...options, layer: 'sum' })
    await expectError(
      () => explainer.explain(vectors(1), { attributeToLayerInputs: true }),
      'UnsupportedError',
      "node 'sum'",
      "['hidden', 'past']",
    )
  })

  it('refuse a node without a differentiable way to the output', async () => {
    const predictor = tfjsPredictor(await loadGraph(skipGraph), { output: 'class' })
    using explainer = new Gradient(predictor, { ...options, layer: 'hidden' })
    await expectError(
      () => explainer.explain(vectors(2)),
      'UnsupportedError',
      "layer 'hidden'",
      'differentiable',
    )
  })

  it('refuse a function, which has no layers, and say to split it', async () => {
    const weight = tf.tidy(() => tf.variable(tf.ones([4, 1])))
    const predictor = tfjsPredictor({
      call: (x) => tf.matMul(x, weight),
      variables: [weight],
      inputs: [{ shape: [4] }],
    })
    using explainer = new Gradient(predictor, { ...options, layer: 'hidden' })
    await expectError(() => explainer.explain(vectors(1)), 'UnsupportedError', 'split it')
    weight.dispose()
  })
})

describe('a node of a graph with long names', () => {
  const scope = 'StatefulPartitionedCall/model'
  const textGraph: GraphSpec = {
    nodes: [
      placeholder('ids', [-1, 2], 'DT_INT32'),
      node(`${scope}/words/embedding_lookup`, 'GatherV2', ['table', 'ids', 'first']),
      node(`${scope}/words/Identity`, 'Identity', [`${scope}/words/embedding_lookup`]),
      node(`${scope}/act/Erf`, 'Tanh', [`${scope}/words/Identity`]),
      node(`${scope}/act_1/Erf`, 'Tanh', [`${scope}/act/Erf`]),
      node('Identity', 'Sum', [`${scope}/act_1/Erf`, 'summed'], { keep_dims: { b: false } }),
    ],
    weights: { table: [5, 3] },
    integers: { summed: [1] },
    integerScalars: { first: 0 },
    outputs: [{ name: 'Identity', shape: [-1, 3] }],
  }
  beforeAll(() => useDevice('cpu'))

  it('can be named by the end of its path, or by the layer that it ends', async () => {
    const predictor = tfjsPredictor(await loadGraph(textGraph))
    const found = (name: string): string => predictor.findLayer!('layer', name, 'outputs').layer
    expect(found('embedding_lookup')).toBe(`${scope}/words/embedding_lookup`)
    expect(found('act/Erf')).toBe(`${scope}/act/Erf`)
    expect(found('words')).toBe(`${scope}/words/Identity`)
    expect(found('act_1')).toBe(`${scope}/act_1/Erf`)
    // The name of a node comes before the ends of others.
    expect(found('Identity')).toBe('Identity')
  })

  it('is suggested if a name is wrong or ambiguous, embeddings first', async () => {
    const predictor = tfjsPredictor(await loadGraph(textGraph))
    const find = (name: string) => (): unknown => predictor.findLayer!('layer', name, 'outputs')
    await expectError(find('Erf'), 'InvalidArgumentError', `'${scope}/act/Erf'`, `act_1/Erf'`)
    await expectError(find('tokens'), 'InvalidArgumentError', `graph model, or the end of one`)
    const { message } = await expectError(find('tokens'), 'InvalidArgumentError')
    expect(message).toContain(`if no other node has it: '${scope}/words/embedding_lookup'`)
  })

  it('is suggested if all inputs are token ids', async () => {
    using explainer = new IntegratedGradients(tfjsPredictor(await loadGraph(textGraph)), {
      device: 'cpu',
    })
    const ids = [[1, 2]]
    await expectError(
      () => explainer.explain(ids, { target: 0, forwardKwargs: { ids } }),
      'InvalidArgumentError',
      'If all inputs are token ids, give them as x and name the embedding with { layer }',
    )
  })
})
