import * as tf from '@tensorflow/tfjs'
import { blocksFor } from './model-blocks.js'
import {
  type TrialInput,
  type TrialModel,
  trialLosses,
  trialModel,
  TrialParts,
} from './trial-model.js'

export interface RandomTrial {
  readonly trial: TrialModel
  readonly batchSizes: readonly number[]
  /** The blocks and the batch sizes, for messages. */
  readonly description: string
}

const classCount = 3

/** A model of random blocks and lengths with a random loss and random batch sizes, all from one seed. */
export function randomTrial(seed: number): RandomTrial {
  const parts = new TrialParts(seed)
  const input = randomInput(parts)
  const calls: ((x: tf.Tensor) => tf.Tensor)[] = []
  const names: string[] = []
  let { shape } = input
  if (input.integers !== undefined) {
    const width = parts.pick([2, 4])
    const table = randomTable(parts, input.integers, width)
    names.push('table')
    calls.push((x) => tf.gather(table(), x))
    shape = [...shape, width]
  }
  for (let k = parts.integer(1, 4); k > 0; k--) {
    const [name, block] = parts.pick(Object.entries(blocksFor(shape)))
    const built = block(parts, shape)
    names.push(name)
    calls.push(built.call)
    shape = built.shape
  }
  const size = tf.util.sizeFromShape([...shape])
  const [w, b] = [parts.p(size, classCount), parts.p(classCount)]
  calls.push((x) => tf.add(tf.matMul(tf.reshape(x, [-1, size]), w), b))
  const batchSizes = [parts.integer(2, 6), parts.integer(1, 5)]
  return {
    trial: trialModel(
      parts,
      input,
      (x) => calls.reduce((y, next) => next(y), x),
      parts.pick(trialLosses),
    ),
    batchSizes,
    description: `${names.join(', ')}; batches of ${batchSizes.join(' and ')}`,
  }
}

function randomInput(parts: TrialParts): TrialInput {
  const length = parts.integer(2, 5)
  return parts.pick<TrialInput>([
    { shape: [parts.pick([3, 4, 6])] },
    { shape: [length, parts.pick([2, 4])] },
    { shape: [length, parts.pick([2, 4])] },
    { shape: [length], integers: parts.integer(2, 6) },
    { shape: [parts.integer(3, 5), parts.integer(3, 5), parts.integer(1, 2)] },
  ])
}

/** A table of words that is trained, frozen, or computed from constants. */
function randomTable(parts: TrialParts, words: number, width: number): () => tf.Tensor {
  const [p, f, c] = [parts.p(words, width), parts.f(words, width), parts.c(words, width)]
  const w = parts.p(width, width)
  return parts.pick<() => tf.Tensor>([
    () => p,
    () => tf.matMul(f, w),
    () => tf.matMul(c(), w),
    () => tf.add(c(), p),
  ])
}
