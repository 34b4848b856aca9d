import { seededRandom } from '../random.js'

/** An activation of a test model, over the last axis. */
export type TestActivation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'softmax'

/** An input of a model, without the batch. Images are [height, width, channels]. */
export interface TestInput {
  readonly name: string
  readonly shape: readonly number[]
  /** Integers are from 0 to this number − 1. Undefined for an input of float32 numbers. */
  readonly integersBelow?: number
}

/** Weights of a model. Their numbers are row-major. */
export interface TestWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
  readonly trainable: boolean
}

/**
 * A layer of a model. It takes the output of the layer before it; the first one takes the inputs. Weights are given by
 * their index in `TestModel.weights`.
 */
export type TestLayer =
  /** Flattens each example, and joins the inputs if there are several. */
  | { readonly kind: 'flatten' }
  /** activation(x · kernel + bias) over the last axis. The kernel is [inputs, outputs]. */
  | {
      readonly kind: 'dense'
      readonly kernel: number
      readonly bias: number
      readonly activation: TestActivation
    }
  /** A convolution of [height, width, channels]. The kernel is [height, width, channels, filters]. */
  | {
      readonly kind: 'convolution'
      readonly kernel: number
      readonly bias: number
      readonly strides: readonly [height: number, width: number]
      /** Rows and columns of zeros on each side of the image. */
      readonly padding: number
      readonly activation: TestActivation
    }
  /** Replaces each integer by its row of the table: [positions] becomes [positions, row size]. */
  | { readonly kind: 'lookup'; readonly table: number }
  /**
   * softmax(Q Kᵀ / √d) V over the positions of [positions, d], with Q, K and V the input times a matrix each; then
   * times the matrix of the outputs. Matrices are [d, d].
   */
  | {
      readonly kind: 'attention'
      readonly query: number
      readonly key: number
      readonly value: number
      readonly output: number
      /**
       * Which axis comes first when the matrices are applied, in a framework that sees the batch: [batch, positions, d]
       * or, as in PyTorch, [positions, batch, d].
       */
      readonly layout: 'batchFirst' | 'timeMajor'
    }
  /** The mean over the positions: [positions, d] becomes [d]. */
  | { readonly kind: 'mean' }

/** A small model that an adapter builds with its framework. Its layers follow each other. */
export interface TestModel {
  readonly title: string
  readonly inputs: readonly TestInput[]
  readonly weights: readonly TestWeight[]
  readonly layers: readonly TestLayer[]
  readonly outputShape: readonly number[]
}

/** Collects the weights of a model. */
class Weights {
  readonly list: TestWeight[] = []
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** Adds weights and returns their index. */
  add(name: string, ...shape: readonly number[]): number {
    const size = shape.reduce((product, length) => product * length, 1)
    const values = Float32Array.from({ length: size }, () => 1.6 * this.#random() - 0.8)
    return this.list.push({ name, shape, values, trainable: true }) - 1
  }
}

/** Dense layers over all inputs. */
export function createDenseModel(
  seed: number,
  inputShapes: readonly (readonly number[])[],
  activations: readonly [TestActivation, TestActivation],
): TestModel {
  const weights = new Weights(seed)
  const size = inputShapes.reduce(
    (sum, shape) => sum + shape.reduce((product, length) => product * length, 1),
    0,
  )
  const [hidden, outputs] = [4, 3]
  return {
    title: `dense layers with ${activations.join(' and ')}`,
    inputs: inputShapes.map((shape, k) => ({ name: `input${k}`, shape })),
    layers: [
      { kind: 'flatten' },
      {
        kind: 'dense',
        kernel: weights.add('hidden.kernel', size, hidden),
        bias: weights.add('hidden.bias', hidden),
        activation: activations[0],
      },
      {
        kind: 'dense',
        kernel: weights.add('last.kernel', hidden, outputs),
        bias: weights.add('last.bias', outputs),
        activation: activations[1],
      },
    ],
    weights: weights.list,
    outputShape: [outputs],
  }
}

/** The same model with some weights frozen. */
export const freeze = (model: TestModel, ...frozen: readonly number[]): TestModel => ({
  ...model,
  title: `${model.title} and frozen weights`,
  weights: model.weights.map((weight, k) => ({ ...weight, trainable: !frozen.includes(k) })),
})

export function createConvolutionModel(): TestModel {
  const weights = new Weights(21)
  return {
    title: 'strided and padded convolutions',
    inputs: [{ name: 'image', shape: [6, 5, 2] }],
    layers: [
      {
        kind: 'convolution',
        kernel: weights.add('first.kernel', 3, 2, 2, 3),
        bias: weights.add('first.bias', 3),
        strides: [1, 1],
        padding: 1,
        activation: 'tanh',
      },
      {
        kind: 'convolution',
        kernel: weights.add('second.kernel', 2, 3, 3, 2),
        bias: weights.add('second.bias', 2),
        strides: [2, 1],
        padding: 0,
        activation: 'tanh',
      },
      { kind: 'flatten' },
      {
        kind: 'dense',
        kernel: weights.add('last.kernel', 24, 3),
        bias: weights.add('last.bias', 3),
        activation: 'softmax',
      },
    ],
    weights: weights.list,
    outputShape: [3],
  }
}

export function createLookupModel(): TestModel {
  const weights = new Weights(22)
  return {
    title: 'a lookup of integers',
    inputs: [{ name: 'tokens', shape: [5], integersBelow: 4 }],
    layers: [
      { kind: 'lookup', table: weights.add('table', 4, 3) },
      { kind: 'mean' },
      {
        kind: 'dense',
        kernel: weights.add('last.kernel', 3, 3),
        bias: weights.add('last.bias', 3),
        activation: 'softmax',
      },
    ],
    weights: weights.list,
    outputShape: [3],
  }
}

/** As many positions as the tests have examples, so that neither axis can be taken for the other by its length. */
export function createAttentionModel(layout: 'batchFirst' | 'timeMajor'): TestModel {
  const weights = new Weights(23)
  return {
    title: layout === 'batchFirst' ? 'attention' : 'attention with the positions first',
    inputs: [{ name: 'sequence', shape: [exampleCount, 4] }],
    layers: [
      {
        kind: 'attention',
        query: weights.add('query', 4, 4),
        key: weights.add('key', 4, 4),
        value: weights.add('value', 4, 4),
        output: weights.add('output', 4, 4),
        layout,
      },
      { kind: 'mean' },
      {
        kind: 'dense',
        kernel: weights.add('last.kernel', 4, 3),
        bias: weights.add('last.bias', 3),
        activation: 'softmax',
      },
    ],
    weights: weights.list,
    outputShape: [3],
  }
}

/** An output for each position of a sequence. */
export function createSequenceModel(): TestModel {
  const weights = new Weights(24)
  return {
    title: 'an output per position',
    inputs: [{ name: 'sequence', shape: [4, 2] }],
    layers: [
      {
        kind: 'dense',
        kernel: weights.add('hidden.kernel', 2, 4),
        bias: weights.add('hidden.bias', 4),
        activation: 'tanh',
      },
      {
        kind: 'dense',
        kernel: weights.add('last.kernel', 4, 3),
        bias: weights.add('last.bias', 3),
        activation: 'linear',
      },
    ],
    weights: weights.list,
    outputShape: [4, 3],
  }
}

/** How many examples the batches of the cases have. */
export const exampleCount = 5
