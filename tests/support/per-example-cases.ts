import * as tf from '@tensorflow/tfjs'

type Layer = Parameters<tf.Sequential['add']>[0]

export interface ModelCase {
  readonly title: string
  /** The shape of each input, without the batch. */
  readonly inputs: readonly number[][]
  readonly build: (inputs: tf.SymbolicTensor[]) => tf.SymbolicTensor
  /** The kernel for which there is no batched rule yet, and the examples go one by one. */
  readonly oneByOne?: string
  readonly integers?: number
  /** Freezes or changes the model before it is used. */
  readonly prepare?: (model: tf.LayersModel) => void
}

export const through =
  (...layers: Layer[]): ((inputs: tf.SymbolicTensor[]) => tf.SymbolicTensor) =>
  ([x]) =>
    layers.reduce((tensor, layer) => layer.apply(tensor) as tf.SymbolicTensor, x!)

const { layers } = tf
export const dense = (units: number, further: object = {}): Layer =>
  layers.dense({ units, ...further })
export const conv = (
  filters: number,
  kernelSize: number | [number, number],
  further: object = {},
): Layer => layers.conv2d({ filters, kernelSize, ...further })

/** Built anew for each test: a layer belongs to one model. */
export const perExampleCases: readonly ModelCase[] = [
  { title: 'a dense layer', inputs: [[4]], build: (x) => through(dense(3))(x) },
  {
    title: 'a dense layer without bias',
    inputs: [[4]],
    build: (x) => through(dense(3, { useBias: false }))(x),
  },
  {
    title: 'dense layers with activations',
    inputs: [[5]],
    build: (x) =>
      through(dense(6, { activation: 'relu' }), dense(4, { activation: 'tanh' }), dense(3))(x),
  },
  {
    title: 'a dense layer with one output',
    inputs: [[4]],
    build: (x) => through(dense(5, { activation: 'elu' }), dense(1))(x),
  },
  {
    title: 'dense layers on sequences',
    inputs: [[4, 3]],
    build: (x) =>
      through(dense(5, { activation: 'tanh' }), dense(2), layers.flatten(), dense(3))(x),
  },
  {
    title: 'dense layers on pictures',
    inputs: [[2, 3, 2]],
    build: (x) => through(dense(3, { activation: 'relu' }), layers.flatten(), dense(3))(x),
  },
  {
    title: 'convolutions as in the notebook of alibi',
    inputs: [[8, 8, 1]],
    build: (x) =>
      through(
        conv(4, 2, { padding: 'same', activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2 }),
        conv(3, 2, { padding: 'same', activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.flatten(),
        dense(6, { activation: 'relu' }),
        dense(3),
      )(x),
  },
  {
    title: 'a strided convolution without activation',
    inputs: [[7, 6, 2]],
    build: (x) => through(conv(3, [3, 2], { strides: [2, 1] }), layers.flatten(), dense(3))(x),
  },
  {
    title: 'a strided convolution with same padding',
    inputs: [[7, 6, 2]],
    build: (x) =>
      through(
        conv(3, 3, { strides: 2, padding: 'same', useBias: false }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'convolutions of sequences',
    inputs: [[6, 2]],
    build: (x) =>
      through(
        layers.conv1d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }),
        layers.conv1d({ filters: 2, kernelSize: 2 }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'two inputs and a skip connection',
    inputs: [[3], [2, 2]],
    build: ([a, b]) => {
      const flat = layers.flatten().apply(b!) as tf.SymbolicTensor
      const joined = layers.concatenate().apply([a!, flat]) as tf.SymbolicTensor
      const hidden = dense(7, { activation: 'tanh' }).apply(joined) as tf.SymbolicTensor
      const sum = layers.add().apply([hidden, joined]) as tf.SymbolicTensor
      return dense(3).apply(sum) as tf.SymbolicTensor
    },
  },
  {
    title: 'a frozen first layer',
    inputs: [[4]],
    build: (x) => through(dense(5, { activation: 'relu', trainable: false }), dense(3))(x),
  },
  {
    title: 'dropout, which inference leaves out',
    inputs: [[4]],
    build: (x) => through(dense(5), layers.dropout({ rate: 0.5 }), dense(3))(x),
  },
  {
    title: 'a layer used twice',
    inputs: [[4]],
    oneByOne: 'BatchMatMul',
    build: (x) => {
      const twice = dense(4, { activation: 'tanh' })
      return through(twice, twice, dense(3))(x)
    },
  },
  {
    title: 'a separable convolution',
    inputs: [[5, 5, 2]],
    oneByOne: 'DepthwiseConv2dNative',
    build: (x) =>
      through(layers.separableConv2d({ filters: 3, kernelSize: 3 }), layers.flatten(), dense(3))(x),
  },
  {
    title: 'batch normalisation',
    inputs: [[4]],
    oneByOne: 'Mul',
    build: (x) => through(dense(5), layers.batchNormalization(), dense(3))(x),
  },
  {
    title: 'an LSTM',
    inputs: [[4, 3]],
    oneByOne: 'BatchMatMul',
    build: (x) => through(layers.lstm({ units: 3 }), dense(3))(x),
  },
  {
    title: 'an embedding with repeated ids',
    inputs: [[5]],
    integers: 4,
    oneByOne: 'GatherV2',
    build: (x) =>
      through(layers.embedding({ inputDim: 4, outputDim: 3 }), layers.flatten(), dense(3))(x),
  },
]
