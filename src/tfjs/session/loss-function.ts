import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { LossFunction } from '../../predictor.js'
import { withTape } from '../engine/engine.js'
import { backpropagate, dependents } from '../engine/tape.js'

/**
 * How a loss function is called for a batch so that each example gets the gradient of its own loss: on the
 * whole batch, whose result is a sum or one value per example ('sum') or a mean ('mean'); or one by one.
 */
export type LossReduction = 'sum' | 'mean' | 'one by one'

/** Float32 rounding of a loss's gradient, relative to its largest entry; a batch mean of 2 differs by 0.5. */
const agreementTolerance = 1e-4

/**
 * ∂L/∂output of each example of a batch, of the output's shape. Call it within `runOn`. Where the loss of an
 * example is known and is not finite, its gradient is NaN, whatever a clipping op makes of it.
 *
 * @throws InvalidArgumentError if the function gives neither one value nor one per example
 */
export function lossFunctionGradient(
  lossFn: LossFunction<Tensor>,
  reduction: LossReduction,
  y: Tensor,
  output: Tensor,
): Tensor {
  const [batchSize = 1] = output.shape
  if (reduction === 'one by one') {
    const gradients = Array.from({ length: batchSize }, (_, i) =>
      tf.tidy(() => gradientOfSum(lossFn, rowOf(y, i), rowOf(output, i))),
    )
    return tf.concat(gradients)
  }
  const gradient = gradientOfSum(lossFn, y, output)
  return reduction === 'mean' ? gradient.mul(batchSize) : gradient
}

/**
 * How a loss function reduces, from a batch's gradients of its examples one by one and those of the function on
 * the whole batch; undefined where they do not tell, being zero or not finite.
 */
export function reductionOf(
  single: Float32Array,
  batched: Float32Array,
  batchSize: number,
): LossReduction | undefined {
  const finite = [...single.keys()].filter((k) => Number.isFinite(single[k]))
  const scale = finite.reduce((largest, k) => Math.max(largest, Math.abs(single[k]!)), 0)
  if (scale === 0) return undefined
  const agrees = (factor: number): boolean =>
    finite.every((k) => Math.abs(factor * batched[k]! - single[k]!) <= agreementTolerance * scale)
  if (agrees(1)) return 'sum'
  return agrees(batchSize) ? 'mean' : 'one by one'
}

function gradientOfSum(lossFn: LossFunction<Tensor>, y: Tensor, output: Tensor): Tensor {
  const leaf = output.clone()
  return withTape(
    new Set(),
    () => lossOf(lossFn, y, leaf),
    (tape, loss) => {
      checkShape(loss, output)
      const wanted = dependents(tape, [leaf.id])
      if (!wanted.has(loss.id)) {
        throw new UnsupportedError(
          'lossFn',
          'lossFn: what it returns does not depend on its second argument, the prediction, by differentiable ' +
            'ops. Compute it from yPred with tf ops alone, without dataSync() or arraySync().',
        )
      }
      const seeds = new Map([[loss.id, tf.onesLike(loss)]])
      const gradient = backpropagate(tape, { seeds, wanted }).get(leaf.id) ?? tf.zerosLike(leaf)
      if (loss.size !== output.shape[0]) return gradient
      // 0 · NaN and 0 · ∞ are NaN.
      return gradient.add(loss.mul(0).reshape([-1, ...output.shape.slice(1).map(() => 1)]))
    },
  )
}

function lossOf(lossFn: LossFunction<Tensor>, y: Tensor, output: Tensor): Tensor {
  const loss: unknown = lossFn(y, output)
  if (loss instanceof tf.Tensor) return loss as Tensor
  // What comes of it concerns nobody.
  if (loss instanceof Promise) loss.catch(() => undefined)
  throw new InvalidArgumentError(
    'lossFn',
    loss instanceof Promise ? 'a promise returned' : `a ${typeof loss} returned`,
    'a tf.Tensor: one value per example, or one value for all',
  )
}

function checkShape({ shape, size }: Tensor, output: Tensor): void {
  const [batchSize = 1] = output.shape
  if (size === 1 || (size === batchSize && shape[0] === batchSize)) return
  const examples = batchSize === 1 ? 'one example' : `${batchSize} examples`
  throw new InvalidArgumentError(
    'lossFn',
    `shape [${shape.join(', ')}] returned for ${examples}`,
    batchSize === 1
      ? 'one value: reduce over all axes but the batch'
      : `one value per example, shape [${batchSize}], or one value for all: reduce over all axes but the batch`,
  )
}

const rowOf = (tensor: Tensor, i: number): Tensor =>
  tensor.slice([i, ...tensor.shape.slice(1).map(() => 0)], [1, ...tensor.shape.slice(1)])
