import * as tf from '@tensorflow/tfjs'

type Layer = Parameters<tf.Sequential['add']>[0]
type RNN = Parameters<typeof tf.layers.bidirectional>[0]['layer']

export interface ModelCase {
  readonly title: string
  /** The shape of each input, without the batch. */
  readonly inputs: readonly number[][]
  readonly build: (inputs: tf.SymbolicTensor[]) => tf.SymbolicTensor
  /** The kernel without a batched rule, for which examples are computed one by one. */
  readonly oneByOne?: string
  readonly integers?: number
  /** True if TensorFlow.js has no gradient for one example either, or a wrong one. */
  readonly isRepaired?: boolean
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

const rnn = (units: number, further: object = {}): RNN => layers.simpleRNN({ units, ...further })

export function batchNormalised(options: { scale: boolean; center: boolean }): ModelCase['build'] {
  return (x) =>
    through(
      conv(3, 2),
      layers.batchNormalization(options),
      layers.activation({ activation: 'tanh' }),
      layers.flatten(),
      dense(4),
      layers.batchNormalization(options),
      dense(3),
    )(x)
}

/** Built again for each test, because a layer belongs to one model. */
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
    build: (x) => {
      const twice = dense(4, { activation: 'tanh' })
      return through(twice, twice, dense(3))(x)
    },
  },
  {
    title: 'a convolution used on two inputs',
    inputs: [
      [4, 4, 1],
      [4, 4, 1],
    ],
    build: ([a, b]) => {
      const shared = conv(2, 2, { activation: 'tanh' })
      const [left, right] = [a!, b!].map((x) => shared.apply(x) as tf.SymbolicTensor)
      const sum = layers.add().apply([left!, right!]) as tf.SymbolicTensor
      return through(layers.flatten(), dense(3))([sum])
    },
  },
  {
    title: 'separable and depthwise convolutions',
    inputs: [[6, 5, 2]],
    build: (x) =>
      through(
        layers.separableConv2d({
          filters: 3,
          kernelSize: 3,
          depthMultiplier: 2,
          activation: 'tanh',
        }),
        layers.depthwiseConv2d({ kernelSize: [2, 3], padding: 'same', strides: [2, 2] }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'transposed convolutions',
    inputs: [[3, 4, 2]],
    build: (x) =>
      through(
        layers.conv2dTranspose({
          filters: 3,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          activation: 'tanh',
        }),
        layers.conv2dTranspose({ filters: 2, kernelSize: [2, 3], useBias: false }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'a convolution of volumes',
    inputs: [[3, 4, 3, 2]],
    // The gradients of 3-D convolutions are wrong on TensorFlow.js's wasm backend.
    build: (x) =>
      through(
        layers.conv3d({ filters: 2, kernelSize: [2, 3, 2], strides: [1, 2, 1], padding: 'same' }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'batch normalisation',
    inputs: [[3, 4, 2]],
    build: batchNormalised({ scale: true, center: true }),
  },
  {
    title: 'batch normalisation of sequences',
    inputs: [[4, 2]],
    build: (x) => through(dense(3), layers.batchNormalization(), layers.flatten(), dense(3))(x),
  },
  {
    title: 'layer normalisation',
    inputs: [[4, 3]],
    build: (x) => through(dense(5), layers.layerNormalization(), layers.flatten(), dense(3))(x),
  },
  {
    title: 'PReLU, with shared axes as well',
    inputs: [[4, 3, 2]],
    build: (x) =>
      through(
        layers.prelu({ alphaInitializer: 'ones' }),
        conv(2, 2),
        layers.prelu({ sharedAxes: [1, 2] }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'a simple RNN',
    inputs: [[4, 3]],
    build: (x) => through(layers.simpleRNN({ units: 3 }), dense(3))(x),
  },
  {
    title: 'stacked LSTMs that return sequences',
    inputs: [[4, 3]],
    build: (x) =>
      through(
        layers.lstm({ units: 3, returnSequences: true }),
        layers.lstm({ units: 2, goBackwards: true }),
        dense(3),
      )(x),
  },
  {
    title: 'a GRU, whose recurrent kernel is split',
    inputs: [[4, 3]],
    build: (x) => through(layers.gru({ units: 3 }), dense(3))(x),
  },
  {
    title: 'a bidirectional LSTM over embeddings with masking',
    inputs: [[5]],
    integers: 4,
    build: (x) =>
      through(
        layers.embedding({ inputDim: 4, outputDim: 3, maskZero: true }),
        layers.bidirectional({ layer: layers.lstm({ units: 2 }), mergeMode: 'concat' }),
        dense(3),
      )(x),
  },
  {
    title: 'an embedding with repeated ids',
    inputs: [[5]],
    integers: 20,
    build: (x) =>
      through(layers.embedding({ inputDim: 20, outputDim: 3 }), layers.flatten(), dense(3))(x),
  },
  {
    title: 'dense layers distributed over time',
    inputs: [[3, 4]],
    build: (x) =>
      through(
        layers.timeDistributed({ layer: dense(2, { activation: 'tanh' }) }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'strided convolutions of sequences',
    inputs: [[7, 2]],
    build: (x) =>
      through(
        layers.conv1d({ filters: 3, kernelSize: 3, strides: 2, activation: 'tanh' }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'dilated convolutions of sequences, and depthwise ones of pictures',
    isRepaired: true,
    inputs: [
      [7, 2],
      [6, 5, 2],
    ],
    build: ([sequence, picture]) => {
      const ofSequence = through(
        layers.conv1d({ filters: 3, kernelSize: 3, dilationRate: 2, padding: 'same' }),
        layers.flatten(),
      )([sequence!])
      const ofPicture = through(
        layers.depthwiseConv2d({ kernelSize: 2, dilationRate: [2, 2], depthMultiplier: 2 }),
        layers.flatten(),
      )([picture!])
      const joined = layers.concatenate().apply([ofSequence, ofPicture])
      return through(dense(3))([joined as tf.SymbolicTensor])
    },
  },
  {
    title: 'transposed convolutions of volumes',
    isRepaired: true,
    inputs: [[2, 3, 2, 2]],
    build: (x) =>
      through(
        layers.conv3dTranspose({ filters: 2, kernelSize: [2, 3, 2], strides: [2, 1, 2] }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'layer normalisation without scale or shift',
    isRepaired: true,
    inputs: [[4, 3]],
    build: (x) =>
      through(
        dense(4),
        layers.layerNormalization({ scale: false }),
        layers.layerNormalization({ center: false }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  ...(['sum', 'mul', 'ave'] as const).map((mergeMode): ModelCase => ({
    title: `bidirectional RNNs, stacked, merged by ${mergeMode}`,
    inputs: [[3, 2]],
    build: (x) =>
      through(
        layers.bidirectional({ layer: rnn(2, { returnSequences: true }), mergeMode }),
        layers.bidirectional({ layer: rnn(2), mergeMode }),
        dense(3),
      )(x),
  })),
  {
    title: 'a GRU that runs backwards and returns sequences',
    inputs: [[3, 2]],
    build: (x) =>
      through(
        layers.gru({ units: 2, returnSequences: true, goBackwards: true }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'a convolutional LSTM',
    inputs: [[2, 3, 3, 1]],
    build: (x) =>
      through(
        layers.convLstm2d({ filters: 2, kernelSize: 2, padding: 'same' }),
        layers.flatten(),
        dense(3),
      )(x),
  },
  {
    title: 'products of two branches, by elements and by dot products',
    inputs: [
      [3, 2],
      [3, 2],
    ],
    build: ([a, b]) => {
      const [left, right] = [a!, b!].map((x) => dense(4).apply(x) as tf.SymbolicTensor)
      const scores = layers.dot({ axes: [2, 2] }).apply([left!, right!]) as tf.SymbolicTensor
      const attended = layers.dot({ axes: [2, 1] }).apply([scores, right!]) as tf.SymbolicTensor
      const product = layers.multiply().apply([attended, left!]) as tf.SymbolicTensor
      return through(layers.flatten(), dense(3))([product])
    },
  },
  {
    title: 'a layer with an op that has no rule',
    inputs: [[4]],
    oneByOne: 'Atan2',
    build: (x) => through(dense(4), new Angle({}), dense(3))(x),
  },
]

/** The angle between the input and a trainable vector, element by element. */
class Angle extends tf.layers.Layer {
  static readonly className = 'Angle'
  #side: tf.LayerVariable | undefined

  override build(inputShape: tf.Shape): void {
    const initializer = tf.initializers.zeros()
    this.#side = this.addWeight('side', [inputShape.at(-1) ?? 1], 'float32', initializer)
    this.built = true
  }

  override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.atan2(Array.isArray(x) ? x[0]! : x, this.#side!.read())
  }
}
