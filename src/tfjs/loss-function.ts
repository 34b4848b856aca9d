import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../errors.js'
import type { LossFunction } from '../predictor.js'
import { withTape } from './engine.js'
import { backpropagate, dependents } from './tape.js'

/**
 * How a loss function is called for a batch so that each example gets the gradient of its own loss: on the
 * whole batch, whose result is a sum or one value per example ('sum') or a mean ('mean'); or one by one.
 */
export type LossReduction = 'sum' | 'mean' | 'one by one'

/** Float32 rounding of a loss's gradient, relative to its largest entry; a batch mean of 2 differs by 0.5. */
const agreementTolerance = 1e-4

/** ∂L/∂output of each example of a batch, of the output's shape. Call it within `runOn`. */
export function lossFunctionGradient(
  lossFn: LossFunction<Tensor>,
  reduction: LossReduction,
  y: Tensor,
  output: Tensor,
): Tensor {
  const [batchSize = 1] = output.shape
  if (reduction === 'one by one') {
    const gradients = Array.from({ length: batchSize }, (_, i) =>
      tf.tidy(() => singleGradient(lossFn, rowOf(y, i), rowOf(output, i))),
    )
    return tf.concat(gradients)
  }
  const gradient = gradientOfSum(lossFn, y, output)
  return reduction === 'mean' ? gradient.mul(batchSize) : gradient
}

/** The two relative differences, from the one-by-one gradients, of taking the loss for a sum and for a mean. */
export function reductionErrors(lossFn: LossFunction<Tensor>, y: Tensor, output: Tensor): Tensor {
  const single = lossFunctionGradient(lossFn, 'one by one', y, output)
  const batched = gradientOfSum(lossFn, y, output)
  const scale = single.abs().max().maximum(1e-30)
  const errorOf = (gradient: Tensor): Tensor => gradient.sub(single).abs().max().div(scale)
  return tf.stack([errorOf(batched), errorOf(batched.mul(y.shape[0]))])
}

/** The reduction that `reductionErrors` speak for. NaN in either means one by one, where it is reported. */
export function reductionOf(errors: ArrayLike<number>): LossReduction {
  if ((errors[0] ?? NaN) <= agreementTolerance) return 'sum'
  if ((errors[1] ?? NaN) <= agreementTolerance) return 'mean'
  return 'one by one'
}

function singleGradient(lossFn: LossFunction<Tensor>, y: Tensor, output: Tensor): Tensor {
  return gradientOfSum(lossFn, y, output, (loss) => {
    if (loss.size === 1) return
    throw new InvalidArgumentError(
      'lossFn',
      `shape [${loss.shape.join(', ')}] returned for one example`,
      'one value: reduce over all axes but the batch',
    )
  })
}

function gradientOfSum(
  lossFn: LossFunction<Tensor>,
  y: Tensor,
  output: Tensor,
  check?: (loss: Tensor) => void,
): Tensor {
  const leaf = output.clone()
  return withTape(
    new Set(),
    () => lossOf(lossFn, y, leaf),
    (tape, loss) => {
      check?.(loss)
      const wanted = dependents(tape, [leaf.id])
      if (!wanted.has(loss.id)) {
        throw new UnsupportedError(
          'lossFn',
          'lossFn: what it returns does not depend on its second argument, the prediction, by differentiable ' +
            'ops. Compute it from yPred with tf ops alone, without dataSync() or arraySync().',
        )
      }
      const seeds = new Map([[loss.id, tf.onesLike(loss)]])
      const gradient = backpropagate(tape, { seeds, wanted }).get(leaf.id)
      return gradient ?? tf.zerosLike(leaf)
    },
  )
}

function lossOf(lossFn: LossFunction<Tensor>, y: Tensor, output: Tensor): Tensor {
  const loss: unknown = lossFn(y, output)
  if (loss instanceof tf.Tensor) return loss as Tensor
  throw new InvalidArgumentError(
    'lossFn',
    loss instanceof Promise ? 'a promise returned' : `a ${typeof loss} returned`,
    'a tf.Tensor: one value per example, or one value for all',
  )
}

const rowOf = (tensor: Tensor, i: number): Tensor =>
  tensor.slice([i, ...tensor.shape.slice(1).map(() => 0)], [1, ...tensor.shape.slice(1)])
