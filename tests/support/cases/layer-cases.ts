import * as tf from '@tensorflow/tfjs'
import type { Smoothness } from './gradient-case.js'

type Layer = tf.layers.Layer

export interface LayerCase {
  readonly title: string
  /** The shape of one example, per input. */
  readonly shapes: readonly (readonly number[])[]
  readonly smoothness: Smoothness
  readonly range?: readonly [number, number]
  readonly build: () => Layer
}

type Settings = Partial<Pick<LayerCase, 'smoothness' | 'range'>> & { readonly note?: string }

function layer(build: () => Layer, shape: readonly number[], settings: Settings = {}): LayerCase {
  return merge(build, [shape], settings)
}

function merge(
  build: () => Layer,
  shapes: readonly (readonly number[])[],
  { smoothness = 'smooth', range, note }: Settings = {},
): LayerCase {
  const title = build().getClassName() + (note === undefined ? '' : ` ${note}`)
  return { title, shapes, smoothness, build, ...(range === undefined ? {} : { range }) }
}

const picture = [5, 7, 2] as const
const sequence = [5, 3] as const
const volume = [3, 5, 4, 2] as const
const linear = { smoothness: 'linear' } as const
const piecewise = { smoothness: 'piecewise linear' } as const
const same = { ...linear, note: 'with padding same' }
const { layers } = tf

/** Values far from a layer's kink at 0, on either side. */
const sides: readonly Settings[] = [
  { range: [0.2, 1.2], note: 'above 0' },
  { range: [-1.2, -0.2], note: 'below 0' },
]

const dense: readonly LayerCase[] = [
  layer(() => layers.dense({ units: 3 }), [4], linear),
  layer(() => layers.dense({ units: 3, activation: 'tanh' }), sequence, { note: 'per position' }),
  layer(() => layers.flatten(), picture, linear),
  layer(() => layers.reshape({ targetShape: [7, 10] }), picture, linear),
  layer(() => layers.permute({ dims: [3, 1, 2] }), picture, linear),
  layer(() => layers.repeatVector({ n: 3 }), [4], linear),
  layer(() => layers.masking({ maskValue: 9 }), sequence, linear),
  layer(() => layers.rescaling({ scale: 0.5, offset: -1 }), picture, linear),
  layer(() => layers.dropout({ rate: 0.5 }), [4], linear),
  layer(() => layers.spatialDropout1d({ rate: 0.5 }), sequence, linear),
  layer(() => layers.gaussianDropout({ rate: 0.5 }), [4], linear),
  layer(() => layers.gaussianNoise({ stddev: 1 }), [4], linear),
  layer(() => layers.alphaDropout({ rate: 0.5 }), [4], linear),
]

const convolutions: readonly LayerCase[] = [
  layer(() => layers.conv1d({ filters: 2, kernelSize: 3, padding: 'same' }), sequence, linear),
  layer(() => layers.conv1d({ filters: 2, kernelSize: 2, dilationRate: 2 }), sequence, {
    ...linear,
    note: 'dilated',
  }),
  layer(() => layers.conv2d({ filters: 3, kernelSize: 2, padding: 'same' }), picture, same),
  layer(() => layers.conv2d({ filters: 3, kernelSize: [3, 2], strides: 2 }), picture, {
    ...linear,
    note: 'with strides',
  }),
  layer(
    () => layers.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2, padding: 'same' }),
    picture,
    { ...linear, note: 'dilated' },
  ),
  layer(
    () => layers.conv2d({ filters: 2, kernelSize: 2, activation: 'relu', useBias: true }),
    [3, 3, 1],
    // Far from each unit's kink for almost every input: a wrong mask is an error of order 1.
    { ...piecewise, note: 'with relu' },
  ),
  layer(
    () => layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
    [3, 4, 2],
    same,
  ),
  layer(() => layers.conv3d({ filters: 2, kernelSize: 2, padding: 'same' }), volume, same),
  layer(
    () => layers.conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2, padding: 'same' }),
    [2, 3, 2, 1],
    same,
  ),
  layer(() => layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }), picture, same),
  layer(() => layers.depthwiseConv2d({ kernelSize: 2, strides: 2, depthMultiplier: 2 }), picture, {
    ...linear,
    note: 'with multiplier and strides',
  }),
  layer(
    () => layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, padding: 'same' }),
    picture,
    { ...linear, note: 'dilated' },
  ),
  layer(
    () => layers.separableConv2d({ filters: 3, kernelSize: 3, padding: 'same' }),
    picture,
    same,
  ),
  layer(
    () =>
      layers.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
      }),
    picture,
    linear,
  ),
  layer(
    () =>
      layers.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
    picture,
    linear,
  ),
  layer(() => layers.upSampling2d({ size: [2, 3] }), picture, linear),
  layer(() => layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }), picture, {
    ...linear,
    note: 'bilinear',
  }),
  layer(() => layers.centerCrop({ height: 3, width: 4 }), picture, linear),
]

const pools: readonly LayerCase[] = (['valid', 'same'] as const).flatMap((padding) => {
  const note = `with padding ${padding}`
  return [
    layer(() => layers.maxPooling1d({ poolSize: 2, padding }), sequence, { ...piecewise, note }),
    layer(() => layers.averagePooling1d({ poolSize: 2, padding }), sequence, { ...linear, note }),
    layer(() => layers.maxPooling2d({ poolSize: 2, padding }), picture, { ...piecewise, note }),
    layer(() => layers.averagePooling2d({ poolSize: 3, strides: 2, padding }), picture, {
      ...linear,
      note,
    }),
    layer(() => layers.maxPooling3d({ poolSize: 2, padding }), volume, { ...piecewise, note }),
    layer(() => layers.averagePooling3d({ poolSize: 2, padding }), volume, { ...linear, note }),
  ]
})

const globalPools: readonly LayerCase[] = [
  layer(() => layers.globalAveragePooling1d({}), sequence, linear),
  layer(() => layers.globalAveragePooling2d({}), picture, linear),
  layer(() => layers.globalMaxPooling1d({}), sequence, piecewise),
  layer(() => layers.globalMaxPooling2d({}), picture, piecewise),
]

const normalisations: readonly LayerCase[] = [true, false].flatMap((scale) =>
  [true, false].flatMap((center) => {
    const note = `${scale ? 'with' : 'without'} scale, ${center ? 'with' : 'without'} center`
    return [
      layer(() => layers.batchNormalization({ scale, center }), picture, { ...linear, note }),
      layer(() => layers.layerNormalization({ scale, center }), [4, 5], { note }),
    ]
  }),
)

const activations: readonly LayerCase[] = sides.flatMap((side) => [
  layer(() => layers.elu({ alpha: 1 }), [5], side),
  layer(() => layers.leakyReLU({ alpha: 0.2 }), [5], side),
  layer(() => layers.prelu({}), [3, 4], side),
  layer(() => layers.prelu({ sharedAxes: [1, 2] }), [3, 2, 4], {
    ...side,
    note: `with one slope a channel, ${String(side.note)}`,
  }),
  layer(() => layers.prelu({ sharedAxes: [3] }), [3, 2, 4], {
    ...side,
    note: `with one slope a position, ${String(side.note)}`,
  }),
  layer(() => layers.reLU({ maxValue: 3 }), [5], side),
  layer(() => layers.thresholdedReLU({ theta: 0.1 }), [5], side),
  layer(() => layers.softmax({}), [5], side),
  layer(() => layers.activation({ activation: 'tanh' }), [5], side),
])

const merges: readonly LayerCase[] = [
  merge(
    () => layers.add(),
    [
      [3, 2],
      [3, 2],
      [3, 2],
    ],
    linear,
  ),
  merge(
    () => layers.multiply(),
    [
      [3, 2],
      [3, 2],
    ],
    linear,
  ),
  merge(
    () => layers.average(),
    [
      [3, 2],
      [3, 2],
    ],
    linear,
  ),
  merge(
    () => layers.maximum(),
    [
      [3, 2],
      [3, 2],
    ],
    piecewise,
  ),
  merge(
    () => layers.minimum(),
    [
      [3, 2],
      [3, 2],
    ],
    piecewise,
  ),
  merge(
    () => layers.concatenate({ axis: 1 }),
    [
      [3, 2],
      [2, 2],
    ],
    linear,
  ),
  merge(
    () => layers.dot({ axes: [2, 2] }),
    [
      [3, 4],
      [2, 4],
    ],
    linear,
  ),
  merge(() => layers.dot({ axes: -1, normalize: true }), [[4], [4]], {
    range: [0.5, 1.5],
    note: 'normalised',
  }),
]

const recurrent: readonly LayerCase[] = [
  layer(() => layers.simpleRNN({ units: 3 }), sequence),
  layer(() => layers.gru({ units: 3, returnSequences: true }), sequence),
  layer(() => layers.gru({ units: 3, goBackwards: true }), sequence, {
    note: 'backwards',
  }),
  layer(() => layers.lstm({ units: 3 }), sequence),
  layer(
    () =>
      layers.rnn({
        cell: [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 2 })] as never,
      }),
    sequence,
  ),
  layer(
    () => layers.bidirectional({ layer: layers.lstm({ units: 2 }), mergeMode: 'concat' }),
    sequence,
  ),
  layer(() => layers.timeDistributed({ layer: layers.dense({ units: 2 }) }), sequence, linear),
  layer(() => layers.convLstm2d({ filters: 2, kernelSize: 2, padding: 'same' }), [2, 3, 3, 1]),
]

export const layerCases: Readonly<Record<string, readonly LayerCase[]>> = {
  dense,
  convolutions,
  pools: [...pools, ...globalPools],
  normalisations,
  activations,
  merges,
  recurrent,
}

/** Classes of layers without a derivative in their input, and why. */
export const layersWithoutInputGradient: Readonly<Record<string, string>> = {
  InputLayer: 'it is in every model',
  Embedding: 'its inputs are indices',
  CategoryEncoding: 'its inputs are indices',
  Resizing: 'TensorFlow.js passes it a list where it wants a tensor, and throws in predict',
  RandomWidth: 'its output is random, in inference mode too',
}

/** Every activation that a layer can name, from TensorFlow.js's list. */
export function activationNames(): string[] {
  return registeredClasses()
    .map(([name]) => name)
    .filter((name) => /^[a-z]/.test(name))
}

/** Every class of layer in TensorFlow.js's list, without models and cells. */
export function layerClassNames(): string[] {
  return registeredClasses()
    .filter(
      ([name, { prototype }]) =>
        prototype instanceof layers.Layer &&
        !(prototype instanceof layers.RNNCell) &&
        !(prototype instanceof tf.LayersModel) &&
        !name.endsWith('Cells') &&
        name !== 'Model' &&
        name !== 'Functional',
    )
    .map(([name]) => name)
}

function registeredClasses(): [string, { prototype: object }][] {
  const { SerializationMap } = tf.serialization as unknown as {
    SerializationMap: {
      getMap(): { classNameMap: Record<string, [{ prototype: object }, unknown]> }
    }
  }
  return Object.entries(SerializationMap.getMap().classNameMap).map(([name, [registered]]) => [
    name,
    registered,
  ])
}
