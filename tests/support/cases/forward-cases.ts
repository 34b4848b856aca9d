import * as tf from '@tensorflow/tfjs'

/** Functions of one tensor, for each of the ranks. */
export interface ForwardCase {
  readonly title: string
  readonly ranks: readonly number[]
  readonly f: (x: tf.Tensor) => tf.Tensor
}

type Unary = ForwardCase['f']

const all = [1, 2, 3, 4, 5, 6]

const onRanks = (ranks: readonly number[], title: string, f: Unary): ForwardCase => ({
  title,
  ranks,
  f,
})
const onAll = (title: string, f: Unary): ForwardCase => onRanks(all, title, f)

const whole = (x: tf.Tensor): tf.Tensor => tf.cast(tf.mul(x, 5), 'int32')
const isPositive = (x: tf.Tensor): tf.Tensor => tf.greater(x, 0)
const lastAxis = (x: tf.Tensor): tf.Tensor => tf.mul(0.5, tf.ones([x.shape.at(-1)!]))
const margins = (x: tf.Tensor): [number, number][] => x.shape.map((_, axis) => [axis % 2, 1])

/** Every second element of every second axis, backwards in the others. */
const everySecond: Unary = (x) =>
  tf.stridedSlice(
    x,
    x.shape.map((_, axis) => (axis % 2 === 0 ? 0 : -1)),
    x.shape.map((length, axis) => (axis % 2 === 0 ? length : -1 - length)),
    x.shape.map((_, axis) => (axis % 2 === 0 ? 2 : -1)),
  )

const arrangement: readonly ForwardCase[] = [
  onAll('transpose', (x) => tf.transpose(x)),
  onAll('transpose of integers', (x) => tf.transpose(whole(x))),
  onAll('transpose of booleans', (x) => tf.transpose(isPositive(x))),
  onAll('transpose of a mask as numbers', (x) => tf.transpose(tf.cast(isPositive(x), 'float32'))),
  onAll('slice', (x) =>
    tf.slice(
      x,
      x.shape.map((length) => (length > 1 ? 1 : 0)),
    ),
  ),
  onAll('pad', (x) => tf.pad(x, margins(x), 0.5)),
  onAll('pad of integers', (x) => tf.pad(whole(x), margins(x), 3)),
  onAll('mirrorPad', (x) => tf.mirrorPad(x, margins(x), 'symmetric')),
  onAll('mirrorPad without the edge', (x) =>
    tf.mirrorPad(
      x,
      x.shape.map((length) => (length > 2 ? [2, 1] : [0, 0])),
      'reflect',
    ),
  ),
  // The tensor is computed on the GPU, because tfjs tiles uploaded ones of rank 5 and 6 on the host.
  onAll('tile', (x) =>
    tf.tile(
      tf.neg(x),
      x.shape.map((_, axis) => 1 + (axis % 2)),
    ),
  ),
  onAll('reverse', (x) => tf.reverse(x)),
  onAll('reverse of time steps', (x) => tf.reverse(x, 0)),
  onAll('stridedSlice', everySecond),
  onAll('concat along the last axis', (x) => tf.concat([x, tf.mul(x, 2), x], x.rank - 1)),
  onAll('concat of masks', (x) => tf.concat([isPositive(x), tf.less(x, 0)], 0)),
  onRanks([1, 2, 3, 4, 5], 'stack and unstack', (x) => {
    const stacked = tf.stack([x, tf.mul(x, 2)], 1)
    return tf.add(tf.unstack(stacked, 1)[1]!, tf.unstack(stacked, 1)[0]!)
  }),
  onAll('gather', (x) => tf.gather(x, tf.tensor1d([1, 0, 1], 'int32'), 0)),
]

const choice: readonly ForwardCase[] = [
  onAll('where', (x) => tf.where(isPositive(x), x, tf.mul(x, 3))),
  onAll('where of integers', (x) => tf.where(isPositive(x), whole(x), tf.neg(whole(x)))),
  onAll('comparisons and logic', (x) =>
    tf.logicalOr(
      tf.logicalAnd(isPositive(x), tf.less(x, 0.5)),
      tf.logicalNot(tf.greaterEqual(x, -0.5)),
    ),
  ),
  onAll('clipByValue', (x) => tf.clipByValue(x, -0.2, 0.3)),
  onAll('argMax', (x) => tf.argMax(x, 0)),
  onAll('argMax of integers', (x) => tf.argMax(whole(x), 0)),
  onAll('argMin', (x) => tf.argMin(x, x.rank - 1)),
  onRanks([1, 2, 3, 4, 5], 'oneHot', (x) => tf.oneHot(tf.abs(whole(x)), 5)),
]

const casts: readonly ForwardCase[] = [
  onAll('integers cast to numbers', (x) => tf.cast(whole(x), 'float32')),
  onAll('integers cast to booleans', (x) => tf.cast(whole(x), 'bool')),
  onAll('numbers cast to booleans', (x) => tf.cast(tf.relu(x), 'bool')),
  onAll('booleans cast to integers', (x) => tf.cast(isPositive(x), 'int32')),
]

const reductions: readonly ForwardCase[] = [
  ...(['sum', 'mean', 'max', 'min', 'prod'] as const).flatMap((name) => [
    onAll(`${name} over the first and last axis`, (x) =>
      tf[name](x, [...new Set([0, x.rank - 1])]),
    ),
    onAll(`${name} of integers over the first axis`, (x) => tf[name](whole(x), 0, true)),
  ]),
  onAll('sum of a mask', (x) => tf.sum(isPositive(x), 0)),
  onAll('any', (x) => tf.any(tf.greater(x, 0.5), 0)),
  onAll('all', (x) => tf.all(tf.greater(x, -0.5), 0)),
  onAll('cumsum', (x) => tf.cumsum(x, 0, true)),
  onAll('softmax', (x) => tf.softmax(x)),
  onAll('logSumExp', (x) => tf.logSumExp(x, 0)),
]

const pairs: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  add: tf.add,
  atan2: tf.atan2,
  div: tf.div,
  equal: tf.equal,
  // The backends disagree on its type.
  floorDiv: (a, b) => tf.cast(tf.floorDiv(a, b), 'float32'),
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  maximum: tf.maximum,
  minimum: tf.minimum,
  mod: tf.mod,
  mul: tf.mul,
  notEqual: tf.notEqual,
  pow: (a, b) => tf.pow(tf.abs(a), b),
  prelu: tf.prelu,
  squaredDifference: tf.squaredDifference,
  sub: tf.sub,
}

const broadcasts: readonly ForwardCase[] = [
  // Rank 5 also covers 6: the two differ only in a letter.
  ...Object.entries(pairs).map(([name, f]) =>
    onRanks([5], `${name} with a vector`, (x) => f(x, lastAxis(x))),
  ),
  onRanks([2, 3, 4, 5, 6], 'a vector less', (x) => tf.sub(lastAxis(x), x)),
  onRanks([5], 'logicalAnd and logicalOr with a vector', (x) => {
    const vector = isPositive(lastAxis(x))
    return tf.logicalOr(tf.logicalAnd(isPositive(x), vector), tf.logicalNot(vector))
  }),
  onAll('the product of two sums, each with an axis of 1', (x) =>
    tf.mul(tf.sum(x, 0, true), tf.sum(x, -1, true)),
  ),
  onRanks([2, 3, 4, 5, 6], 'matMul with itself', (x) => tf.matMul(x, x, false, true)),
]

/** The kernels whose shaders depend on rank or type, by subject. */
export const forwardCases: Readonly<Record<string, readonly ForwardCase[]>> = {
  arrangement,
  choice,
  casts,
  reductions,
  broadcasts,
}
