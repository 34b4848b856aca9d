import * as tf from '@tensorflow/tfjs'
import type { LossFunction, LossName, NdArray } from 'gradlens'
import type { FunctionModel } from 'gradlens/tfjs'
import { seededRandom, uniform } from '../random.js'

/** A loss as the library gets it, and as a function of one example for the reference. */
export interface TrialLoss {
  readonly loss: LossName | LossFunction<tf.Tensor>
  readonly reference: LossFunction<tf.Tensor>
}

/** An input of a trial model; whole numbers below `integers` where it is given. */
export interface TrialInput {
  readonly shape: readonly number[]
  readonly integers?: number
}

/** A small model of TensorFlow.js ops whose gradients are compared with those of single examples. */
export interface TrialModel {
  readonly model: FunctionModel
  readonly loss: TrialLoss
  examples(count: number): { readonly x: NdArray; readonly y: NdArray }
  dispose(): void
}

/** Makes the tensors of a trial model. */
export class TrialParts {
  readonly random: () => number
  readonly variables: tf.Variable[] = []

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** A trained weight. */
  p(...shape: number[]): tf.Variable {
    return this.#variable(shape, true)
  }

  /** A frozen weight. */
  f(...shape: number[]): tf.Variable {
    return this.#variable(shape, false)
  }

  /** A constant, which is made in each call, as a function that closes over numbers does. */
  c(...shape: number[]): () => tf.Tensor {
    const values = [...this.values(shape)]
    return () => tf.tensor(values, shape)
  }

  values(shape: readonly number[]): Float32Array {
    return uniform(this.random, tf.util.sizeFromShape([...shape]), [-0.9, 0.9])
  }

  /** A whole number from `low` to `high`. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1))
  }

  pick<Value>(choices: readonly Value[]): Value {
    return choices[Math.floor(this.random() * choices.length)]!
  }

  #variable(shape: number[], trainable: boolean): tf.Variable {
    const values = this.values(shape)
    const variable = tf.tidy(() => tf.variable(tf.tensor(values, shape), trainable))
    this.variables.push(variable)
    return variable
  }
}

/** A convolution of stride 1 that keeps the size. */
export const convolved = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
  tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same')

/** A trial model of one input. */
export function trialModel(
  parts: TrialParts,
  input: TrialInput,
  call: (x: tf.Tensor) => tf.Tensor,
  loss: TrialLoss & { readonly classCount?: number } = crossEntropy(),
): TrialModel {
  const { shape, integers } = input
  const model: FunctionModel = {
    call,
    variables: parts.variables,
    inputs: [{ shape, dtype: integers === undefined ? 'float32' : 'int32' }],
  }
  return {
    model,
    loss,
    examples: (count) => {
      const values = parts.values([count, ...shape])
      const data =
        integers === undefined
          ? values
          : Int32Array.from(values, (value) => Math.floor(((value + 1) / 2) * integers))
      const y = Float32Array.from({ length: count }, () => parts.integer(0, 2))
      return { x: { data, shape: [count, ...shape] }, y: { data: y, shape: [count] } }
    },
    dispose: () => {
      tf.dispose(parts.variables)
    },
  }
}

const oneHot = (y: tf.Tensor, p: tf.Tensor): tf.Tensor =>
  tf.oneHot(y.toInt(), p.shape[1]!).toFloat()

const logitsLoss: LossFunction<tf.Tensor> = (y, p) =>
  tf.neg(tf.sum(tf.mul(oneHot(y, p), tf.logSoftmax(p))))

const squares: LossFunction<tf.Tensor> = (y, p) => tf.square(tf.sub(p, tf.mul(oneHot(y, p), 2)))

const crossEntropy = (): TrialLoss => ({
  loss: 'sparseCategoricalCrossentropyFromLogits',
  reference: logitsLoss,
})

/** Losses of [B, classes] and class indices. */
export const trialLosses: readonly TrialLoss[] = [
  crossEntropy(),
  { loss: logitsLoss, reference: logitsLoss },
  {
    loss: (y, p) => tf.mean(squares(y, p), 1),
    reference: (y, p) => tf.mean(squares(y, p)),
  },
  {
    // Its normalizer is that of one example, whatever the batch.
    loss: (y, p) => tf.div(tf.sum(squares(y, p)), tf.add(tf.sum(tf.square(p)), 1)),
    reference: (y, p) => tf.div(tf.sum(squares(y, p)), tf.add(tf.sum(tf.square(p)), 1)),
  },
]
