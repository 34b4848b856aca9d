import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import { backpropagate, findDependents } from '../engine/tape.js'
import { type BatchPlacements, isSettled } from './batch-placements.js'

/**
 * The batch with which orders are found: the middle one of three examples is neither the first nor
 * the last.
 */
export const orderExamples = 3
const markedExample = 1

/**
 * A tensor of which only the order of the examples on its batch axis is unknown, and what tells it.
 */
interface OrderEvidence {
  readonly number: number
  /** Indices of the axis per example. */
  readonly length: number
  /** Per index of the axis, the largest gradient there of the marked example's output. */
  readonly reached: Tensor
}

/**
 * A backward pass from the output of one example of three: of each tensor, it reaches the indices
 * that belong to that example and no others.
 */
export function collectOrderEvidence(
  tape: readonly TapeNode[],
  parameterIds: Iterable<number>,
  placements: BatchPlacements,
  output: Tensor,
): OrderEvidence[] {
  const perExample = output.size / orderExamples
  const mark = tf.oneHot(tf.tensor1d([markedExample], 'int32'), orderExamples).reshape([-1, 1])
  const seed = tf
    .randomUniform([orderExamples, perExample], 0.5, 1.5, 'float32', 1)
    .mul(mark.toFloat())
    .reshape(output.shape)
  const evidence: OrderEvidence[] = []
  const visit = ({ outputs }: TapeNode, delta: Tensor): void => {
    const placement = placements.get(outputs[0]!.id)
    if (placement === undefined || isSettled(placement) || placement.order === undefined) return
    const { number, axis, length } = placement.order
    const others = [...delta.shape.keys()].filter((other) => other !== axis)
    evidence.push({ number, length, reached: tf.max(tf.abs(delta), others) })
  }
  backpropagate(tape, {
    seeds: new Map([[output.id, seed]]),
    wanted: findDependents(tape, parameterIds),
    returned: new Set(),
    visit,
  })
  return evidence
}

/**
 * `inner` of an axis's order, from the indices that the marked example reaches; undefined if
 * several orders fit.
 */
export function deriveOrder(reached: Float32Array, length: number): number | undefined {
  const fitting = divisorsOf(length).filter((inner) =>
    reached.every(
      (value, index) => value === 0 || Math.floor(index / inner) % orderExamples === markedExample,
    ),
  )
  const isReached = reached.some((value) => value !== 0)
  return isReached && fitting.length === 1 ? fitting[0] : undefined
}

const divisorsOf = (length: number): number[] =>
  Array.from({ length }, (_, k) => k + 1).filter((divisor) => length % divisor === 0)
