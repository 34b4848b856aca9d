import * as tf from '@tensorflow/tfjs'
import type { NdArray, Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { seededRandom, uniform } from '../random.js'

/** The vectors of a layer for one example: G = Σ_t a_t δ_tᵀ; a has a last 1 for the bias. */
export interface LayerUse {
  readonly kernel: string
  readonly bias: string | undefined
  readonly a: readonly (readonly number[])[]
  readonly delta: readonly (readonly number[])[]
}

/** A net with the rules of its parameters. */
export interface TinyNet {
  readonly title: string
  readonly predictor: Predictor
  /** The gradient of one example for each parameter, from TensorFlow.js's tape. */
  gradients(x: readonly number[], label: number): Map<string, Float64Array>
  /** The layers of one example, by gradients at what is added to their outputs. */
  layers(x: readonly number[], label: number): LayerUse[]
  /** Draws an example. */
  example(random: () => number): number[]
  /** [n, …] of examples. */
  arrayOf(examples: readonly (readonly number[])[]): NdArray
  dispose(): void
}

/** Returns the term that is added to the output of a layer: nothing, or the tensor whose gradient is δ. */
type Probe = (layer: number, output: tf.Tensor) => tf.Tensor

interface Layer {
  readonly kernel: string
  readonly bias?: string
  /** The vectors a_t of one example, from what the layer gets. */
  readonly vectors: (input: tf.Tensor) => number[][]
}

interface Spec {
  readonly title: string
  readonly inputShape: readonly number[]
  readonly dtype?: 'float32' | 'int32'
  readonly example?: (random: () => number) => number[]
  readonly shapes: Readonly<Record<string, readonly number[]>>
  readonly layers: readonly Layer[]
  readonly forward: (
    x: tf.Tensor,
    w: Readonly<Record<string, tf.Tensor>>,
    probe: Probe,
    see: (layer: number, input: tf.Tensor) => void,
  ) => tf.Tensor
}

const classes = 3

const rowsOf = (input: tf.Tensor): number[][] =>
  input.reshape([-1, input.shape.at(-1)!]).arraySync() as number[][]

/** The patches of a 2 × 2 convolution without padding, tap by tap. */
function patchesOf(input: tf.Tensor): number[][] {
  const [image] = input.arraySync() as number[][][][]
  const patches: number[][] = []
  for (let row = 0; row + 1 < image!.length; row++) {
    for (let column = 0; column + 1 < image![row]!.length; column++) {
      patches.push([0, 1].flatMap((i) => [0, 1].flatMap((j) => image![row + i]![column + j]!)))
    }
  }
  return patches
}

const product = (x: tf.Tensor, kernel: tf.Tensor): tf.Tensor =>
  x.rank === 2
    ? tf.matMul(x, kernel)
    : tf
        .matMul(x.reshape([-1, x.shape.at(-1)!]), kernel)
        .reshape([...x.shape.slice(0, -1), kernel.shape[1]!])

const specs: readonly Spec[] = [
  {
    title: 'two dense layers with biases',
    inputShape: [4],
    shapes: { k0: [4, 5], b0: [5], k1: [5, classes], b1: [classes] },
    layers: [
      { kernel: 'k0', bias: 'b0', vectors: rowsOf },
      { kernel: 'k1', bias: 'b1', vectors: rowsOf },
    ],
    forward(x, w, probe, see) {
      see(0, x)
      const hidden = tf.tanh(probe(0, tf.add(product(x, w['k0']!), w['b0']!)))
      see(1, hidden)
      return tf.softmax(probe(1, tf.add(product(hidden, w['k1']!), w['b1']!)))
    },
  },
  {
    title: 'a dense layer at each of several positions, and one without a bias',
    inputShape: [3, 4],
    shapes: { k0: [4, 3], b0: [3], k1: [9, classes] },
    layers: [
      { kernel: 'k0', bias: 'b0', vectors: rowsOf },
      { kernel: 'k1', vectors: rowsOf },
    ],
    forward(x, w, probe, see) {
      see(0, x)
      const hidden = tf.tanh(probe(0, tf.add(product(x, w['k0']!), w['b0']!)))
      const flat = hidden.reshape([x.shape[0], 9])
      see(1, flat)
      return tf.softmax(probe(1, product(flat, w['k1']!)))
    },
  },
  {
    title: 'a convolution with a bias and a dense layer',
    inputShape: [4, 3, 2],
    shapes: { k0: [2, 2, 2, 3], b0: [3], k1: [18, classes], b1: [classes] },
    layers: [
      { kernel: 'k0', bias: 'b0', vectors: patchesOf },
      { kernel: 'k1', bias: 'b1', vectors: rowsOf },
    ],
    forward(x, w, probe, see) {
      see(0, x)
      const convolved = tf.conv2d(x as tf.Tensor4D, w['k0'] as tf.Tensor4D, 1, 'valid')
      const hidden = tf.tanh(probe(0, tf.add(convolved, w['b0']!)))
      const flat = hidden.reshape([x.shape[0], 18])
      see(1, flat)
      return tf.softmax(probe(1, tf.add(product(flat, w['k1']!), w['b1']!)))
    },
  },
  {
    title: 'a table of embeddings and a dense layer',
    inputShape: [4],
    dtype: 'int32',
    example: (random) => Array.from({ length: 4 }, () => Math.floor(random() * 20)),
    shapes: { table: [20, 3], k1: [3, classes], b1: [classes] },
    layers: [
      // A lookup is a product with one-hot rows.
      {
        kernel: 'table',
        vectors: (ids) => tf.oneHot(ids.cast('int32'), 20).arraySync() as number[][],
      },
      { kernel: 'k1', bias: 'b1', vectors: rowsOf },
    ],
    forward(x, w, probe, see) {
      const ids = x.cast('int32').reshape([-1])
      see(0, ids)
      const looked = probe(0, tf.gather(w['table']!, ids))
      const mean = tf.tanh(looked.reshape([x.shape[0], 4, 3])).mean(1)
      see(1, mean)
      return tf.softmax(probe(1, tf.add(product(mean, w['k1']!), w['b1']!)))
    },
  },
  {
    title: 'a normalization with a scale and an offset, and a dense layer',
    inputShape: [3, 5],
    shapes: { scale: [5], offset: [5], k1: [5, classes], b1: [classes] },
    layers: [{ kernel: 'k1', bias: 'b1', vectors: rowsOf }],
    forward(x, w, probe, see) {
      const mean = x.mean(-1, true)
      const centred = tf.sub(x, mean)
      const normal = tf.div(centred, tf.sqrt(tf.add(centred.square().mean(-1, true), 1e-3)))
      const scaled = tf.tanh(tf.add(tf.mul(normal, w['scale']!), w['offset']!)).mean(1)
      see(0, scaled)
      return tf.softmax(probe(0, tf.add(product(scaled, w['k1']!), w['b1']!)))
    },
  },
]

/** The titles of the nets that `createTinyNet` creates, with their numbers. */
export const tinyNets: readonly (readonly [title: string, number: number])[] = specs.map(
  ({ title }, number) => [title, number],
)

/** A small net of three classes with seeded weights, created on TensorFlow.js's current backend. */
export function createTinyNet(number: number, seed = 1): TinyNet {
  return createNet(specs[number]!, seed)
}

/** TensorFlow.js registers each variable's name. */
let netCount = 0

function createNet(spec: Spec, seed: number): TinyNet {
  const random = seededRandom(seed)
  const net = netCount++
  const nameOf = (name: string): string => `net${net}/${name}`
  const weights = Object.fromEntries(
    Object.entries(spec.shapes).map(([name, shape]) => {
      const size = shape.reduce((count, length) => count * length, 1)
      const values = uniform(random, size, [-1, 1])
      return [name, tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), true, nameOf(name)))]
    }),
  )
  const { inputShape, dtype = 'float32' } = spec
  const none: Probe = (_, output) => output
  const call = (x: tf.Tensor): tf.Tensor => spec.forward(x, weights, none, () => undefined)
  const predictor = tfjsPredictor({
    call,
    variables: Object.values(weights),
    inputs: [{ shape: inputShape, dtype }],
  }) as Predictor
  const batchOf = (x: readonly number[]): tf.Tensor => tf.tensor([...x], [1, ...inputShape], dtype)
  const lossOf = (output: tf.Tensor, label: number): tf.Scalar =>
    output.slice([0, label], [1, 1]).log().neg().sum().asScalar()
  return {
    title: spec.title,
    predictor,
    example: (draw) =>
      spec.example?.(draw) ??
      Array.from(
        { length: inputShape.reduce((size, length) => size * length, 1) },
        () => 2 * draw() - 1,
      ),
    arrayOf: (examples) => ({
      data: Float32Array.from(examples.flat()),
      shape: [examples.length, ...inputShape],
    }),
    dispose() {
      tf.dispose(weights)
    },
    gradients(x, label) {
      const result = new Map<string, Float64Array>()
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => lossOf(call(batchOf(x)), label))
        for (const [name, gradient] of Object.entries(grads)) {
          result.set(name, Float64Array.from(gradient.dataSync()))
        }
      })
      return result
    },
    layers(x, label) {
      let uses: LayerUse[] = []
      tf.tidy(() => {
        const inputs: tf.Tensor[] = []
        const shapes: number[][] = []
        spec.forward(
          batchOf(x),
          weights,
          (layer, output) => {
            shapes[layer] = output.shape
            return output
          },
          (layer, input) => void (inputs[layer] = input),
        )
        const deltas = tf.grads((...added: tf.Tensor[]) =>
          lossOf(
            spec.forward(
              batchOf(x),
              weights,
              (layer, output) => tf.add(output, added[layer]!),
              () => undefined,
            ),
            label,
          ),
        )(shapes.map((shape) => tf.zeros(shape)))
        uses = spec.layers.map(({ kernel, bias, vectors }, k) => ({
          kernel: nameOf(kernel),
          bias: bias && nameOf(bias),
          a: vectors(inputs[k]!).map((a) => (bias === undefined ? a : [...a, 1])),
          delta: rowsOf(deltas[k]!),
        }))
      })
      return uses
    },
  }
}
