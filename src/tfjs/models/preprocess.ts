import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'

/** The options of `tfjsPredictor` for raw items. */
export interface PreprocessOptions<Item = unknown> {
  /**
   * Converts raw items (texts, records, …) to one tensor per input of the model, with the items
   * along the first axis. All items have the same dtype and shape. It is called on the items of a
   * batch, on the page's own backend, and is synchronous: fetch and decode items beforehand.
   * Tensors that it creates are disposed. Tensors that the page created before are not.
   */
  readonly preprocess: (items: Item[]) => Tensor | Tensor[]
}

/**
 * Returns the Predictor's function from raw items to arrays.
 *
 * @throws InvalidArgumentError unless it is a function that returns tensors of numbers
 */
export function createPreprocessor<Item>(
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
    // Clones, because a returned tensor may be the page's own and must not be disposed.
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
  // Ignores the promise's later result.
  if (other instanceof Promise) other.then(tf.dispose, () => undefined)
  throw new InvalidArgumentError(
    'preprocess',
    `${other instanceof Promise ? 'a promise' : describe(other)} returned`,
    'a tf.Tensor, or a list of one per model input, but not a promise: fetch and decode first, and pass the ' +
      'results as items',
  )
}

function assertNumbers(tensor: Tensor): Tensor {
  if (tensor.isDisposed) {
    throw new InvalidArgumentError(
      'preprocess',
      `a disposed tensor of shape [${tensor.shape.join(', ')}] returned`,
      'a tensor that is not disposed: dispose it after the call',
    )
  }
  if (tensor.dtype !== 'string' && tensor.dtype !== 'complex64') return tensor
  throw new InvalidArgumentError(
    'preprocess',
    `a tensor of dtype ${tensor.dtype} returned`,
    'numbers, float32, int32 or bool',
  )
}
