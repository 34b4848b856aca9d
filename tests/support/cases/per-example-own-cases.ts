import * as tf from '@tensorflow/tfjs'
import { type OwnLayer, ownLayer } from '../models/custom-layers.js'
import { dense, type ModelCase, through } from './per-example-cases.js'

const { layers } = tf

/** The layer between dense layers, on vectors of 4. */
const onVectors = (title: string, own: OwnLayer, isRepaired = false): ModelCase => ({
  title,
  inputs: [[4]],
  build: (x) => through(dense(4, { activation: 'tanh' }), ownLayer(own), dense(3))(x),
  isRepaired,
})

/** The layer between dense layers, on sequences of 3 vectors of 4. */
const onSequences = (title: string, own: OwnLayer, isRepaired = false): ModelCase => ({
  title,
  inputs: [[3, 4]],
  build: (x) => through(dense(4), ownLayer(own), layers.flatten(), dense(3))(x),
  isRepaired,
})

const square = ([d = 0]: readonly number[]): Record<string, number[]> => ({ w: [d, d] })
const squareOfLast = (shape: readonly number[]): Record<string, number[]> => square(shape.slice(-1))
const [heads, headSize] = [2, 3]

/** [B, T, h·k] → [B, h, T, k]. */
const splitHeads = (x: tf.Tensor): tf.Tensor =>
  x.reshape([-1, x.shape[1]!, heads, headSize]).transpose([0, 2, 1, 3])

const attention = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor =>
  tf
    .matMul(tf.softmax(tf.matMul(q, k, false, true).div(Math.sqrt(headSize))), v)
    .transpose([0, 2, 1, 3])
    .reshape([-1, q.shape[2]!, heads * headSize])

/** Custom layers with weights and ops, as users write them. */
export const ownLayerCases: readonly ModelCase[] = [
  onSequences('attention of several heads by reshapes and transposes', {
    weights: ([, d = 0]) => ({
      q: [d, heads * headSize],
      k: [d, heads * headSize],
      v: [d, heads * headSize],
      out: [heads * headSize, d],
    }),
    call: (x, { q, k, v, out }) => {
      const project = (w: tf.Tensor): tf.Tensor =>
        tf.matMul(x.reshape([-1, x.shape[2]!]), w).reshape([-1, x.shape[1]!, w.shape[1]!])
      const [queries, keys, values] = [q!, k!, v!].map((w) => splitHeads(project(w)))
      const mixed = attention(queries!, keys!, values!)
      return tf
        .matMul(mixed.reshape([-1, heads * headSize]), out!)
        .reshape([-1, ...x.shape.slice(1)])
    },
  }),
  onSequences(
    'attention of several heads by einsum',
    {
      weights: ([, d = 0]) => ({
        q: [d, heads, headSize],
        k: [d, heads, headSize],
        v: [d, heads, headSize],
        out: [heads, headSize, d],
      }),
      call: (x, { q, k, v, out }) => {
        const [queries, keys, values] = [q!, k!, v!].map((w) => tf.einsum('btd,dhk->bthk', x, w))
        const scores = tf.softmax(tf.einsum('bqhk,bshk->bhqs', queries!, keys!))
        return tf.einsum('bqhk,hkd->bqd', tf.einsum('bhqs,bshk->bqhk', scores, values!), out!)
      },
    },
    true,
  ),
  onSequences(
    'attention whose three projections are one matrix, split',
    {
      weights: ([, d = 0]) => ({ qkv: [d, 3 * heads * headSize], out: [heads * headSize, d] }),
      call: (x, { qkv, out }) => {
        const [q, k, v] = tf
          .split(qkv!, 3, 1)
          .map((w) => splitHeads(tf.einsum('btd,dk->btk', x, w)))
        return tf.einsum('btk,kd->btd', attention(q!, k!, v!), out!)
      },
    },
    true,
  ),
  onSequences(
    'a matrix for each head',
    {
      weights: ([, d = 0]) => ({ w: [heads, d, headSize], u: [1, heads, headSize, d] }),
      call: (x, { w, u }) => {
        const perHead = tf.matMul(x.expandDims(1).tile([1, heads, 1, 1]), w!)
        return tf.matMul(perHead, u!).sum(1)
      },
    },
    true,
  ),
  onSequences(
    'an einsum with an index of its own for each head',
    {
      weights: ([, d = 0]) => ({ w: [heads, d, d] }),
      call: (x, { w }) => tf.einsum('bthd,hde->bthe', tf.stack([x, x.square()], 2), w!).mean(2),
    },
    true,
  ),
  onSequences(
    'a matrix from the left, which mixes positions',
    {
      weights: ([t = 0]) => ({ w: [t, t], u: [t, t] }),
      call: (x, { w, u }) => tf.matMul(u!, tf.matMul(w!, x), true).add(tf.matMul(w!, x)),
    },
    true,
  ),
  onVectors(
    'a weight that is used as matrices of two shapes',
    {
      weights: ([d = 0]) => ({ w: [d, 6] }),
      call: (x, { w }) => tf.matMul(tf.tanh(tf.matMul(x, w!)), w!.reshape([6, x.shape[1]!])),
    },
    true,
  ),
  {
    title: 'an embedding that is the output matrix as well',
    inputs: [[3]],
    integers: 5,
    build: (x) => through(ownLayer(tied((e) => [e, true])))(x),
  },
  {
    title: 'an embedding whose transpose is the output matrix',
    inputs: [[3]],
    integers: 5,
    build: (x) => through(ownLayer(tied((e) => [e.transpose(), false])))(x),
  },
  onVectors('a GRU step that resets after its matrix', {
    weights: ([d = 0]) => ({ w: [1, 3 * d], r: [d, 3 * d], b: [3 * d], c: [3 * d] }),
    call: (x, { w, r, b, c }) => {
      const units = x.shape[1]!
      let state: tf.Tensor = tf.zeros([x.shape[0], units])
      for (let t = 0; t < units; t++) {
        const input = tf.matMul(x.slice([0, t], [-1, 1]), w!).add(b!)
        const inner = tf.matMul(state, r!).add(c!)
        const [z, reset, h] = tf.split(input, 3, 1)
        const [zInner, resetInner, hInner] = tf.split(inner, 3, 1)
        const update = tf.sigmoid(z!.add(zInner!))
        const candidate = tf.tanh(h!.add(tf.sigmoid(reset!.add(resetInner!)).mul(hInner!)))
        state = update.mul(state).add(tf.sub(1, update).mul(candidate))
      }
      return state
    },
  }),
  onVectors('a matrix that is transposed first', {
    weights: square,
    call: (x, { w }) => tf.matMul(x, w!.transpose()).tanh().matMul(w!),
  }),
  onVectors('a matrix of two factors', {
    weights: ([d = 0]) => ({ w: [d, d], a: [d, 1], b: [1, d] }),
    call: (x, { w, a, b }) => tf.matMul(x, w!.add(tf.matMul(a!, b!))),
  }),
  onVectors('weights of norm one, with a length of their own', {
    weights: ([d = 0]) => ({ w: [d, d], g: [d] }),
    call: (x, { w, g }) => tf.matMul(x, w!.div(w!.square().sum(0, true).sqrt()).mul(g!)),
  }),
  onVectors('a softmax of weights', {
    weights: ([d = 0]) => ({ w: [d] }),
    call: (x, { w }) => x.mul(tf.softmax(w!)),
  }),
  onVectors('slices of one matrix that overlap', {
    weights: ([d = 0]) => ({ w: [d, d + 1] }),
    call: (x, { w }) => {
      const [, d = 0] = x.shape
      return tf.matMul(x, w!.slice([0, 0], [-1, d])).add(tf.matMul(x, w!.slice([0, 1], [-1, d])))
    },
  }),
  onVectors('a matrix used whole and in pieces', {
    weights: square,
    call: (x, { w }) => {
      const [left, right] = tf.split(w!, 2, 1)
      return tf.concat([tf.matMul(x, left!), tf.matMul(x, right!)], 1).add(tf.matMul(x, w!))
    },
  }),
  onVectors(
    'rows and columns picked from a matrix',
    {
      weights: square,
      call: (x, { w }) => {
        const rows = tf.gather(w!, tf.tensor1d([2, 0, 1, 2], 'int32'))
        const columns = tf.gather(w!, tf.tensor1d([1, 1, 3, 0], 'int32'), 1)
        return tf
          .matMul(x, rows)
          .add(tf.matMul(x, columns))
          .add(w!.stridedSlice([0, 0], [4, 4], [2, 1]).sum(0))
      },
    },
    true,
  ),
  onVectors('matrices put together from parameters', {
    weights: ([d = 0]) => ({ left: [d, 1], right: [d, d - 1], b: [1], c: [1] }),
    call: (x, { left, right, b, c }) =>
      tf.matMul(x, tf.concat([left!, right!], 1)).add(tf.stack([b!, c!, b!, c!]).squeeze()),
  }),
  onSequences('a token and positions of its own in front of a sequence', {
    weights: ([t = 0, d = 0]) => ({ token: [1, 1, d], positions: [t + 3, d] }),
    outputShape: ([t = 0, d = 0]) => [t + 1, d],
    call: (x, { token, positions }) => {
      const [batchSize = 0, t = 0, d = 0] = x.shape
      return tf
        .concat([token!.tile([batchSize, 1, 1]), x], 1)
        .add(positions!.slice([0, 0], [t + 1, d]))
    },
  }),
  onSequences('broadcasting multiplications and divisions on every axis', {
    weights: ([t = 0, d = 0]) => ({ scalar: [], position: [t, 1], channel: [d], both: [1, t, d] }),
    call: (x, { scalar, position, channel, both }) =>
      x.mul(scalar!.add(1)).mul(position!).div(channel!.exp()).add(both!.square()),
  }),
  onVectors(
    'distances to trainable centres',
    {
      weights: ([d = 0]) => ({ centres: [5, d] }),
      outputShape: () => [5],
      call: (x, { centres }) =>
        tf.exp(tf.squaredDifference(x.expandDims(1), centres!).sum(2).neg()),
    },
    true,
  ),
  onVectors('a trainable power', {
    weights: ([d = 0]) => ({ exponent: [d] }),
    call: (x, { exponent }) => tf.pow(x.abs().add(1), exponent!),
  }),
  onVectors(
    'weights that the loss does not reach',
    {
      weights: ([d = 0]) => ({ w: [d, d], unused: [d, 2], stopped: [d] }),
      call: (x, { w, stopped }) => tf.matMul(x, w!).add(stopped!.greater(0).toFloat()),
    },
    true,
  ),
  onSequences(
    'attention with a broadcasting product of its scores',
    {
      weights: squareOfLast,
      call: (x, { w }) => {
        const scores = tf.softmax(tf.einsum('btd,de->bte', x, w!).mean(2))
        return x.mul(scores.expandDims(2))
      },
    },
    true,
  ),
]

function tied(matrix: (embedding: tf.Tensor) => [tf.Tensor, boolean]): OwnLayer {
  return {
    weights: () => ({ embedding: [5, 4], b: [5] }),
    outputShape: () => [5],
    call: (ids, { embedding, b }) => {
      const [output, isTransposed] = matrix(embedding!)
      const mean = tf.gather(embedding!, ids.toInt()).tanh().mean<tf.Tensor2D>(1)
      return tf.matMul(mean, output as tf.Tensor2D, false, isTransposed).add(b!)
    },
  }
}
