import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { LossFunction } from '../../losses/loss.js'
import { withTape } from '../engine/engine.js'
import { backpropagate, findDependents } from '../engine/tape.js'

/**
 * ∂L/∂output of each example of a batch, of the output's shape. Call it within `runOn`.
 *
 * The function is called for one example at a time. A normalizer, a mask or a shape that it reads
 * is then that example's own, whatever batch the example is in. The gradient of an example whose
 * loss is not finite is NaN.
 *
 * @throws InvalidArgumentError if the function returns anything but one value for one example
 */
export function lossFunctionGradient(
  lossFn: LossFunction<Tensor>,
  y: Tensor,
  output: Tensor,
): Tensor {
  const [exampleCount = 1] = output.shape
  const gradients = Array.from({ length: exampleCount }, (_, i) =>
    tf.tidy(() => exampleGradient(lossFn, exampleOf(y, i), exampleOf(output, i))),
  )
  return tf.concat(gradients)
}

function exampleGradient(lossFn: LossFunction<Tensor>, y: Tensor, output: Tensor): Tensor {
  const leaf = output.clone()
  return withTape(
    new Set(),
    () => lossOf(lossFn, y, leaf),
    (tape, loss) => {
      checkShape(loss)
      const wanted = findDependents(tape, [leaf.id])
      if (!wanted.has(loss.id)) {
        throw new UnsupportedError(
          'lossFn',
          'lossFn: the value that it returns does not depend on its second argument, the prediction, by ' +
            'differentiable ops. Compute it from yPred only with tf ops, without dataSync() or arraySync().',
        )
      }
      const seeds = new Map([[loss.id, tf.onesLike(loss)]])
      const returned = new Set([leaf.id])
      const gradient =
        backpropagate(tape, { seeds, wanted, returned }).get(leaf.id) ?? tf.zerosLike(leaf)
      // 0 · NaN and 0 · ∞ are NaN, whatever a clipping op makes of the gradient.
      return gradient.add(loss.mul(0).asScalar())
    },
  )
}

function lossOf(lossFn: LossFunction<Tensor>, y: Tensor, output: Tensor): Tensor {
  const loss: unknown = lossFn(y, output)
  if (loss instanceof tf.Tensor) return loss as Tensor
  // The promise is refused below; its own rejection would be reported as unhandled.
  if (loss instanceof Promise) loss.catch(() => undefined)
  throw new InvalidArgumentError(
    'lossFn',
    loss instanceof Promise ? 'a promise returned' : `a ${typeof loss} returned`,
    'a tf.Tensor with one value for one example',
  )
}

function checkShape({ shape, size }: Tensor): void {
  if (size === 1) return
  throw new InvalidArgumentError(
    'lossFn',
    `shape [${shape.join(', ')}] returned for one example`,
    'one value: reduce over all axes but the batch',
  )
}

const exampleOf = (tensor: Tensor, i: number): Tensor =>
  tensor.slice([i, ...tensor.shape.slice(1).map(() => 0)], [1, ...tensor.shape.slice(1)])
