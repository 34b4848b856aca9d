import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'

/** How raw items become tensors. */
export interface PreprocessOptions<Item = unknown> {
  /**
   * From some raw items (texts, records, …) to one tensor per input of the model, one example per item along the first
   * axis, alike in dtype and shape for all items. It is called at once on all items of a batch, on the page's own backend,
   * and must not wait for anything: what has to be fetched or decoded is an item once that is done. What it makes is
   * disposed of; what it returns is left alone if the page made it before.
   */
  readonly preprocess: (items: Item[]) => Tensor | Tensor[]
}

/**
 * The function as a Predictor has it: from raw items to arrays.
 *
 * @throws InvalidArgumentError if it is no function, or gives something else than tensors of numbers
 */
export function preprocessor<Item>(
  preprocess: PreprocessOptions<Item>['preprocess'],
): (items: readonly Item[]) => Promise<NdArray[]> {
  if (typeof preprocess !== 'function') {
    throw new InvalidArgumentError(
      'options.preprocess',
      describe(preprocess),
      'a function from a list of raw items to tensors',
    )
  }
  return async (items) => {
    await tf.ready()
    // Clones: a tensor of the page's own, which it returns perhaps, is not to be disposed of.
    const tensors = tf.tidy(() =>
      tensorsIn(preprocess([...items])).map((tensor) => assertNumbers(tensor).clone()),
    )
    try {
      return await Promise.all(
        tensors.map(async (tensor) => ({ data: await tensor.data(), shape: tensor.shape })),
      )
    } finally {
      tf.dispose(tensors)
    }
  }
}

function tensorsIn(result: unknown): Tensor[] {
  const list: readonly unknown[] = Array.isArray(result) ? result : [result]
  const at = list.findIndex((item) => !(item instanceof tf.Tensor))
  if (at < 0) return list as Tensor[]
  const other = list[at]
  // What comes of it later concerns nobody.
  if (other instanceof Promise) other.then(tf.dispose, () => undefined)
  throw new InvalidArgumentError(
    'preprocess',
    `${other instanceof Promise ? 'a promise' : describe(other)} returned`,
    'a tf.Tensor, or a list of one per model input, returned at once and not by a promise: fetch and decode first, ' +
      'and give what comes of it as the items',
  )
}

function assertNumbers(tensor: Tensor): Tensor {
  if (tensor.isDisposed) {
    throw new InvalidArgumentError(
      'preprocess',
      `a disposed tensor of shape [${tensor.shape.join(', ')}] returned`,
      'one that is alive: dispose of it after the call',
    )
  }
  if (tensor.dtype !== 'string' && tensor.dtype !== 'complex64') return tensor
  throw new InvalidArgumentError(
    'preprocess',
    `a tensor of dtype ${tensor.dtype} returned`,
    'numbers, float32, int32 or bool',
  )
}
