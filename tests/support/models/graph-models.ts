import * as tf from '@tensorflow/tfjs'
import { onTestFinished } from 'vitest'
import { seededRandom, uniform } from '../random.js'

/** A node of a converted graph, as `model.json` has it. */
interface Node {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[]
  readonly attr?: Readonly<Record<string, unknown>>
}

interface Output {
  readonly name: string
  readonly shape?: readonly number[]
}

/** The output of tfjs-converter: a graph, its weights by name, and its signature, if any. */
export interface GraphSpec {
  readonly nodes: readonly Node[]
  /** Shapes of the float weights, with random values if `values` has none. */
  readonly weights: Readonly<Record<string, readonly number[]>>
  readonly values?: Readonly<Record<string, readonly number[]>>
  readonly integers?: Readonly<Record<string, readonly number[]>>
  readonly scalars?: Readonly<Record<string, number>>
  readonly integerScalars?: Readonly<Record<string, number>>
  readonly outputs?: readonly Output[]
}

const text = (value: string): object => ({ s: btoa(value) })
const texts = (...values: string[]): object => ({ list: { s: values.map((value) => btoa(value)) } })
const ints = (...values: number[]): object => ({ list: { i: values.map(String) } })

export const placeholder = (name: string, shape: readonly number[], type = 'DT_FLOAT'): Node => ({
  name,
  op: 'Placeholder',
  attr: {
    dtype: { type },
    shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } },
  },
})

export const node = (
  name: string,
  op: string,
  input: readonly string[],
  attr: Readonly<Record<string, unknown>> = {},
): Node => ({ name, op, input, attr })

const window = (stride: number, padding: 'SAME' | 'VALID'): Readonly<Record<string, unknown>> => ({
  strides: ints(1, stride, stride, 1),
  padding: text(padding),
  data_format: text('NHWC'),
  dilations: ints(1, 1, 1, 1),
})

const fused = (...ops: string[]): Readonly<Record<string, unknown>> => ({
  fused_ops: texts(...ops),
  num_args: { i: String(ops.filter((op) => op === 'BiasAdd' || op === 'Prelu').length) },
})

/** A converted picture classifier: fused convolutions, batch normalization, pooling, and a softmax. */
export const pictureGraph = (batchSize = -1): GraphSpec => ({
  nodes: [
    placeholder('picture', [batchSize, 6, 6, 2]),
    node('bound', 'Minimum', ['picture', 'largest']),
    node('conv', '_FusedConv2D', ['bound', 'conv/filter', 'conv/bias'], {
      ...window(1, 'SAME'),
      ...fused('BiasAdd', 'Relu'),
    }),
    node('depthwise', 'DepthwiseConv2dNative', ['conv', 'depthwise/filter'], window(1, 'VALID')),
    node(
      'norm',
      'FusedBatchNormV3',
      ['depthwise', 'norm/gamma', 'norm/beta', 'norm/mean', 'norm/variance'],
      { epsilon: { f: 0.001 }, data_format: text('NHWC'), is_training: { b: false } },
    ),
    node('prelu', 'Prelu', ['norm', 'prelu/alpha']),
    node('pool', 'MaxPool', ['prelu'], { ...window(2, 'SAME'), ksize: ints(1, 2, 2, 1) }),
    node('narrow', '_FusedConv2D', ['pool', 'narrow/filter', 'narrow/bias', 'narrow/alpha'], {
      ...window(1, 'SAME'),
      ...fused('BiasAdd', 'Prelu'),
    }),
    node('flat', 'Reshape', ['narrow', 'flat/shape']),
    node('logits', '_FusedMatMul', ['flat', 'dense/kernel', 'dense/bias'], {
      ...fused('BiasAdd'),
      transpose_a: { b: false },
      transpose_b: { b: false },
    }),
    node('probabilities', 'Softmax', ['logits']),
  ],
  weights: {
    'conv/filter': [3, 3, 2, 3],
    'conv/bias': [3],
    'depthwise/filter': [2, 2, 3, 1],
    'norm/gamma': [3],
    'norm/beta': [3],
    'norm/mean': [3],
    'norm/variance': [3],
    'prelu/alpha': [5, 5, 3],
    'narrow/filter': [2, 2, 3, 2],
    'narrow/bias': [2],
    'narrow/alpha': [1, 1, 2],
    'dense/kernel': [18, 3],
    'dense/bias': [3],
  },
  integers: { 'flat/shape': [-1, 18] },
  scalars: { largest: 0.9 },
})

/** The graph as `tf.loadGraphModel` loads it where the page's TensorFlow.js runs; disposed when the test ends. */
export async function loadGraph(spec: GraphSpec): Promise<tf.GraphModel> {
  const random = seededRandom(5)
  const weights = [
    ...Object.entries(spec.weights).map(([name, shape]) => {
      const range = name.endsWith('variance') ? ([0.5, 1.5] as const) : ([-0.6, 0.6] as const)
      const drawn = uniform(random, tf.util.sizeFromShape([...shape]), range)
      const given = spec.values?.[name]
      const values = given === undefined ? drawn : Float32Array.from(given)
      return { name, shape: [...shape], dtype: 'float32' as const, values }
    }),
    ...Object.entries(spec.integers ?? {}).map(([name, values]) => ({
      name,
      shape: [values.length],
      dtype: 'int32' as const,
      values: Int32Array.from(values),
    })),
    ...Object.entries(spec.integerScalars ?? {}).map(([name, value]) => ({
      name,
      shape: [],
      dtype: 'int32' as const,
      values: Int32Array.of(value),
    })),
    ...Object.entries(spec.scalars ?? {}).map(([name, value]) => ({
      name,
      shape: [],
      dtype: 'float32' as const,
      values: Float32Array.of(value),
    })),
  ]
  const constants = weights.map(({ name }): Node => ({ name, op: 'Const', attr: {} }))
  const bytes = weights.map(({ values }) => new Uint8Array(values.buffer))
  const weightData = new Uint8Array(bytes.reduce((sum, part) => sum + part.length, 0))
  bytes.reduce((at, part) => {
    weightData.set(part, at)
    return at + part.length
  }, 0)
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology: {
      node: [...constants, ...spec.nodes],
      versions: { producer: 1, minConsumer: 1 },
    },
    weightSpecs: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    weightData: weightData.buffer,
    ...(spec.outputs === undefined ? {} : { signature: signatureOf(spec.outputs) }),
  }
  const model = await tf.loadGraphModel(tf.io.fromMemory(artifacts))
  onTestFinished(() => {
    model.dispose()
  })
  return model
}

const signatureOf = (outputs: readonly Output[]): object => ({
  outputs: Object.fromEntries(
    outputs.map(({ name, shape }) => [
      name,
      {
        name: `${name}:0`,
        dtype: 'DT_FLOAT',
        ...(shape === undefined
          ? {}
          : { tensorShape: { dim: shape.map((size) => ({ size: String(size) })) } }),
      },
    ]),
  ),
})
