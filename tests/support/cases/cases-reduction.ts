import * as tf from '@tensorflow/tfjs'
import type { GradientCase, Smoothness } from './gradient-case.js'

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor

/** Over all axes, one, a middle one, several, one counted from the end, and with the axis kept. */
const axes: readonly [number | number[] | undefined, boolean][] = [
  [undefined, false],
  [0, false],
  [1, true],
  [[0, 2], false],
  [-1, false],
  [[-2], true],
]

function reduction(
  name: string,
  f: Reduction,
  smoothness: Smoothness,
  range?: readonly [number, number],
): GradientCase[] {
  return axes.map(([axis, keepDims]) => ({
    title: `${name} over ${axis === undefined ? 'all axes' : `axis ${axis.toString()}`}${keepDims ? ', kept' : ''}`,
    smoothness,
    shapes: [[2, 3, 4]],
    f: (x) => f(x, axis, keepDims),
    ...(range ? { range } : {}),
  }))
}

const cumulative: readonly GradientCase[] = [0, 1, 2].flatMap((axis) =>
  [false, true].flatMap((exclusive) =>
    [false, true].map((reverse): GradientCase => ({
      title: `cumsum along axis ${axis}${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`,
      smoothness: 'linear',
      // The two last axes have the same length, so a transposed result has the right shape.
      shapes: [[2, 3, 3]],
      f: (x) => tf.cumsum(x, axis, exclusive, reverse),
    })),
  ),
)

export const reductionCases: readonly GradientCase[] = [
  ...reduction('sum', tf.sum, 'linear'),
  ...reduction('mean', tf.mean, 'linear'),
  ...reduction('max', tf.max, 'piecewise linear'),
  ...reduction('min', tf.min, 'piecewise linear'),
  ...reduction('prod', tf.prod, 'smooth', [0.5, 1.5]),
  ...reduction('euclideanNorm', (x, axis, keep) => tf.norm(x, 'euclidean', axis, keep), 'smooth'),
  ...reduction('logSumExp', tf.logSumExp, 'smooth'),
  ...reduction('variance', (x, axis, keep) => tf.moments(x, axis, keep).variance, 'smooth'),
  ...cumulative,
  {
    title: 'prod where one factor is zero',
    smoothness: 'linear',
    shapes: [[3, 4]],
    f: (x) => tf.prod(tf.mul(x, tf.tensor([1, 0, 1, 1])), 1),
  },
  {
    title: 'softmax over a middle axis',
    smoothness: 'smooth',
    shapes: [[2, 3, 2]],
    f: (x) => tf.transpose(tf.softmax(tf.transpose(x, [0, 2, 1])), [0, 2, 1]),
  },
  {
    title: 'topk, its values',
    smoothness: 'piecewise linear',
    shapes: [[2, 3, 5]],
    f: (x) => tf.topk(x, 3).values,
  },
  {
    title: 'topk of everything, in descending order',
    smoothness: 'piecewise linear',
    shapes: [[4]],
    f: (x) => tf.topk(x, 4, true).values,
  },
]
