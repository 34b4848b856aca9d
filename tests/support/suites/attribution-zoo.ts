import * as tf from '@tensorflow/tfjs'
import type { NdArray, Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { onTestFinished } from 'vitest'
import { type GraphSpec, loadGraph, node, placeholder } from '../models/graph-models.js'
import { disposedAfterTest } from '../models/models.js'
import { seededRandom, uniform } from '../random.js'

/** A smooth model of 3 classes, and examples for it. */
export interface ZooCase {
  readonly predictor: Predictor<tf.Tensor>
  readonly x: readonly NdArray[]
  /** The layer of its attributions, if not its inputs, and the rest of the model. */
  readonly layer?: { readonly name: string; readonly head: Predictor<tf.Tensor> }
}

export interface ZooModel {
  readonly title: string
  readonly build: () => ZooCase | Promise<ZooCase>
}

const exampleCount = 3

function examples(...shape: number[]): NdArray {
  const data = uniform(seededRandom(7), exampleCount * tf.util.sizeFromShape(shape), [-1, 1])
  return { data, shape: [exampleCount, ...shape] }
}

const words: NdArray = {
  data: Int32Array.from({ length: exampleCount * 5 }, (_, k) => (3 * k) % 7),
  shape: [exampleCount, 5],
}

/** Random weights in that range, except for batch normalization, whose variances stay positive. */
function randomised<Model extends tf.LayersModel>(model: Model, seed = 3): Model {
  const random = seededRandom(seed)
  tf.tidy(() => {
    model.setWeights(
      model.weights.map((weight) => {
        const shape = weight.shape as number[]
        const isVariance = weight.originalName.includes('variance')
        const range = isVariance ? ([0.5, 1.5] as const) : ([-0.6, 0.6] as const)
        return tf.tensor(uniform(random, tf.util.sizeFromShape(shape), range), shape)
      }),
    )
  })
  return disposedAfterTest(model)
}

const apply = (layer: tf.layers.Layer, ...from: tf.SymbolicTensor[]): tf.SymbolicTensor =>
  layer.apply(from.length === 1 ? from[0]! : from) as tf.SymbolicTensor

const classes = (): tf.layers.Layer => tf.layers.dense({ units: 3, activation: 'softmax' })

function residualNet(): ZooCase {
  const input = tf.input({ shape: [5, 5, 2] })
  const convolution = (): tf.layers.Layer =>
    tf.layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'tanh' })
  let hidden = apply(tf.layers.batchNormalization(), apply(convolution(), input))
  hidden = apply(tf.layers.add(), apply(convolution(), hidden), input)
  hidden = apply(tf.layers.globalAveragePooling2d({}), hidden)
  const model = randomised(tf.model({ inputs: input, outputs: apply(classes(), hidden) }))
  return { predictor: tfjsPredictor(model), x: [examples(5, 5, 2)] }
}

function depthwiseNet(): ZooCase {
  const layers = [
    tf.layers.depthwiseConv2d({ kernelSize: 3, activation: 'tanh', inputShape: [6, 6, 2] }),
    tf.layers.conv2d({ filters: 3, kernelSize: 1, activation: 'softplus' }),
    tf.layers.averagePooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    classes(),
  ]
  return {
    predictor: tfjsPredictor(randomised(tf.sequential({ layers }))),
    x: [examples(6, 6, 2)],
  }
}

/** A model with embeddings, and the same weights without them, on their outputs. */
function recurrentNet(recurrent: () => tf.layers.Layer): ZooCase {
  const rest = (): tf.layers.Layer[] => [recurrent(), classes()]
  const embedding = tf.layers.embedding({
    inputDim: 7,
    outputDim: 4,
    inputLength: 5,
    name: 'words',
  })
  const model = randomised(tf.sequential({ layers: [embedding, ...rest()] }))
  const input = tf.input({ shape: [5, 4] })
  const outputs = rest().reduce((from, layer) => apply(layer, from), input)
  const head = disposedAfterTest(tf.model({ inputs: input, outputs }))
  head.setWeights(model.getWeights().slice(1))
  const layer = { name: 'words', head: tfjsPredictor(head) }
  return { predictor: tfjsPredictor(model), x: [words], layer }
}

function twoBranchNet(): ZooCase {
  const [picture, vector] = [tf.input({ shape: [4, 4, 1] }), tf.input({ shape: [3] })]
  const seen = apply(tf.layers.conv2d({ filters: 2, kernelSize: 2, activation: 'tanh' }), picture)
  const branches = [
    apply(tf.layers.flatten(), seen),
    apply(tf.layers.dense({ units: 4, activation: 'sigmoid' }), vector),
  ]
  const outputs = apply(classes(), apply(tf.layers.concatenate(), ...branches))
  const model = randomised(tf.model({ inputs: [picture, vector], outputs }))
  return { predictor: tfjsPredictor(model), x: [examples(4, 4, 1), examples(3)] }
}

function variables(...shapes: number[][]): tf.Variable[] {
  const random = seededRandom(13)
  const made = shapes.map((shape) =>
    tf.tidy(() =>
      tf.variable(tf.tensor(uniform(random, tf.util.sizeFromShape(shape), [-0.8, 0.8]), shape)),
    ),
  )
  onTestFinished(() => {
    tf.dispose(made)
  })
  return made
}

/** softmax(Q Kᵀ / 2) V over four tokens, with a skip connection and layer normalisation. */
function attentionBlock(): ZooCase {
  const all = variables([4, 4], [4, 4], [4, 4], [4, 3])
  const [query, key, value, output] = all as [tf.Variable, tf.Variable, tf.Variable, tf.Variable]
  const project = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor =>
    tf.matMul(x.reshape([-1, 4]), weight).reshape(x.shape)
  const call = (x: tf.Tensor): tf.Tensor => {
    const scores = tf.matMul(project(x, query), project(x, key), false, true).div(2)
    const mixed = x.add(tf.matMul(tf.softmax(scores), project(x, value)))
    const centred = mixed.sub(mixed.mean(-1, true))
    const normed = centred.div(centred.square().mean(-1, true).add(0.1).sqrt())
    return tf.softmax(tf.matMul(normed.mean(1), output))
  }
  const predictor = tfjsPredictor({ call, variables: all, inputs: [{ shape: [4, 4] }] })
  return { predictor, x: [examples(4, 4)] }
}

function functionModel(): ZooCase {
  const all = variables([5, 6], [6, 3])
  const call = (x: tf.Tensor): tf.Tensor =>
    tf.softmax(tf.matMul(tf.tanh(tf.matMul(x, all[0]!)), all[1]!))
  const predictor = tfjsPredictor({ call, variables: all, inputs: [{ shape: [5] }] })
  return { predictor, x: [examples(5)] }
}

const graph: GraphSpec = {
  nodes: [
    placeholder('x', [-1, 5]),
    node('product', 'MatMul', ['x', 'a']),
    node('biased', 'AddV2', ['product', 'bias']),
    node('hidden', 'Tanh', ['biased']),
    node('gate', 'Sigmoid', ['product']),
    node('gated', 'Mul', ['hidden', 'gate']),
    node('logits', 'MatMul', ['gated', 'b']),
    node('probabilities', 'Softmax', ['logits']),
  ],
  weights: { a: [5, 6], bias: [6], b: [6, 3] },
}

/** Kinds of models that people explain, all smooth, so quadrature and differences are exact to float32. */
export const attributionZoo: readonly ZooModel[] = [
  { title: 'a CNN with batch norm and a skip connection', build: residualNet },
  { title: 'a depthwise CNN', build: depthwiseNet },
  {
    title: 'an RNN over embeddings',
    build: () => recurrentNet(() => tf.layers.simpleRNN({ units: 3 })),
  },
  {
    title: 'an LSTM over embeddings',
    build: () => recurrentNet(() => tf.layers.lstm({ units: 3, recurrentActivation: 'sigmoid' })),
  },
  {
    title: 'a GRU over embeddings',
    build: () => recurrentNet(() => tf.layers.gru({ units: 3, recurrentActivation: 'sigmoid' })),
  },
  { title: 'an attention block written by hand', build: attentionBlock },
  { title: 'a net of two inputs and branches', build: twoBranchNet },
  {
    title: 'a GraphModel',
    build: async () => ({
      predictor: tfjsPredictor(await loadGraph(graph), { output: 'probabilities' }),
      x: [examples(5)],
    }),
  },
  { title: 'a function', build: functionModel },
]
