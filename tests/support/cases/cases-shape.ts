import * as tf from '@tensorflow/tfjs'
import type { GradientCase } from './gradient-case.js'

type Of = (...x: tf.Tensor[]) => tf.Tensor

function linear(title: string, shapes: readonly (readonly number[])[], f: Of): GradientCase {
  return { title, smoothness: 'linear', shapes, f }
}

const int = (values: number[] | number[][] | number[][][]): tf.Tensor =>
  tf.tensor(values, undefined, 'int32')

/** Each piece has a different weight, so swapped pieces are noticed. */
const weighted = (pieces: tf.Tensor[]): tf.Tensor =>
  tf.concat(pieces.map((piece, index) => tf.reshape(tf.mul(piece, index + 1), [-1])))

export const shapeCases: readonly GradientCase[] = [
  linear('reshape', [[2, 3, 2]], (x) => tf.reshape(x, [4, -1])),
  linear('expandDims and squeeze', [[2, 3]], (x) =>
    tf.squeeze(tf.expandDims(tf.expandDims(x, -1), 1), [1]),
  ),
  linear('transpose', [[2, 3, 4]], (x) => tf.transpose(x, [2, 0, 1])),
  linear('transpose without a permutation', [[2, 3, 4]], (x) => tf.transpose(x)),
  linear('reverse', [[2, 3, 2]], (x) => tf.reverse(x, [0, -1])),
  linear(
    'concat along a middle axis',
    [
      [2, 1, 2],
      [2, 3, 2],
      [2, 2, 2],
    ],
    (...x) => tf.concat(x, 1),
  ),
  linear(
    'concat along axis -1',
    [
      [2, 1],
      [2, 3],
    ],
    (...x) => tf.concat(x, -1),
  ),
  linear(
    'stack',
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    (...x) => tf.stack(x, 1),
  ),
  linear(
    'stack along axis -1',
    [
      [2, 3],
      [2, 3],
    ],
    (...x) => tf.stack(x, -1),
  ),
  linear('unstack', [[2, 3, 2]], (x) => weighted(tf.unstack(x, 1))),
  linear('unstack, one piece unused', [[2, 3]], (x) => tf.unstack(x, -1)[1]!),
  linear('split in equal parts', [[2, 4]], (x) => weighted(tf.split(x, 2, -1))),
  linear('split by sizes', [[2, 6]], (x) => weighted(tf.split(x, [1, 3, 2], 1))),
  linear('split, one piece unused', [[5, 2]], (x) => tf.split(x, [2, 3], 0)[0]!),
  linear('slice', [[3, 4, 5]], (x) => tf.slice(x, [1, 0, 2], [2, 3, 2])),
  linear('slice with open sizes', [[3, 4, 5]], (x) => tf.slice(x, [1, 2], [-1, 1])),
  linear('pad', [[2, 3]], (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      7,
    ),
  ),
  linear('tile', [[2, 3]], (x) => tf.tile(x, [2, 3])),
  linear('tile of rank 5', [[2, 1, 2, 1, 2]], (x) => tf.tile(x, [1, 2, 2, 3, 1])),
  linear('broadcastTo', [[2, 1, 3]], (x) => tf.broadcastTo(x, [4, 2, 2, 3])),
  linear('stridedSlice', [[5, 6]], (x) => tf.stridedSlice(x, [0, 1], [5, 6], [2, 3])),
  linear('stridedSlice backwards', [[3, 5, 2]], (x) =>
    tf.stridedSlice(x, [0, 4, 0], [3, 0, 2], [1, -2, 1]),
  ),
  linear('stridedSlice with open ends', [[3, 5, 2]], (x) =>
    tf.stridedSlice(x, [-2, 1, 0], [3, 5, 2], [1, 3, 1], 2, 4),
  ),
  linear('stridedSlice, an axis dropped', [[3, 5, 2]], (x) =>
    tf.stridedSlice(x, [0, 3, 0], [3, 4, 2], [1, 1, 1], 0, 0, 0, 0, 2),
  ),
  linear('stridedSlice, an axis added', [[3, 5, 2]], (x) =>
    tf.stridedSlice(x, [0, 0, 0, 0], [3, 5, 1, 2], [1, 2, 1, 1], 0, 0, 0, 4),
  ),
  linear('gather', [[4, 3]], (x) => tf.gather(x, int([3, 0, 3, 1]))),
  linear('gather along axis 1 with a matrix of indices', [[2, 4, 3]], (x) =>
    tf.gather(
      x,
      int([
        [3, 0],
        [3, 1],
        [2, 2],
      ]),
      1,
    ),
  ),
  linear('gather along axis -1', [[2, 3, 4]], (x) => tf.gather(x, int([1, 1, 3]), -1)),
  {
    ...linear('gather with one batch axis', [[3, 4, 2]], (x) =>
      tf.gather(
        x,
        int([
          [1, 1],
          [0, 3],
          [2, 1],
        ]),
        1,
        1,
      ),
    ),
    refusedOn: ['wasm'],
  },
  linear('gatherND of rows', [[3, 4]], (x) => tf.gatherND(x, int([[2], [0], [2]]))),
  linear('gatherND of points', [[2, 3, 2]], (x) =>
    tf.gatherND(
      x,
      int([
        [1, 2, 0],
        [0, 0, 1],
        [1, 2, 0],
      ]),
    ),
  ),
  linear('scatterND', [[4, 2]], (x) => tf.scatterND(int([[4], [0], [4], [2]]), x, [5, 2])),
  linear('unsortedSegmentSum', [[5, 3]], (x) =>
    tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 3, 0], 'int32'), 4),
  ),
  linear('booleans from comparisons take no part', [[2, 3]], (x) =>
    tf.mul(x, tf.cast(tf.greater(tf.range(0, 3), 1), 'float32')),
  ),
]

export const productCases: readonly GradientCase[] = [
  linear(
    'matMul',
    [
      [2, 3],
      [3, 4],
    ],
    (a, b) => tf.matMul(a, b),
  ),
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) =>
      linear(
        `batched matMul${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}, broadcast`,
        [
          [2, 3, ...(transposeA ? [4, 3] : [3, 4])],
          [1, 1, ...(transposeB ? [2, 4] : [4, 2])],
        ],
        (a, b) => tf.matMul(a, b, transposeA, transposeB),
      ),
    ),
  ),
  linear(
    'matMul of a batch and one matrix',
    [
      [3, 2, 4],
      [4, 2],
    ],
    (a, b) => tf.matMul(a, b),
  ),
  linear(
    'matMul of one matrix and a batch',
    [
      [2, 4],
      [3, 4, 2],
    ],
    (a, b) => tf.matMul(a, b),
  ),
  linear('dot', [[4], [4]], (a, b) => tf.dot(a, b)),
  linear('outerProduct', [[3], [4]], (a, b) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D)),
  ...(
    [
      ['ij,jk->ik', [2, 3], [3, 4]],
      ['ij,jk->ki', [2, 3], [3, 4]],
      ['bhid,bhjd->bhij', [2, 2, 3, 2], [2, 2, 4, 2]],
      ['bqhd,bkhd->bhqk', [2, 3, 2, 2], [2, 4, 2, 2]],
      ['ij,kl->ijkl', [2, 2], [3, 2]],
      ['ij,ij->', [2, 3], [2, 3]],
      ['ij,j->i', [2, 3], [3]],
      ['ijk,jk->i', [2, 3, 2], [3, 2]],
      ['ijk,k->ij', [2, 3, 2], [2]],
      ['ij->j', [2, 3]],
      ['ijk->kj', [2, 3, 4]],
    ] as [string, number[], number[]?][]
  ).map(([equation, a, b]) =>
    linear(`einsum ${equation}`, b ? [a, b] : [a], (...x) => tf.einsum(equation, ...x)),
  ),
]

const normal: readonly GradientCase[] = [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
].flatMap(([scale, center]): GradientCase[] => {
  const parameters = 2 + Number(scale) + Number(center)
  const named = `batchNorm ${scale ? 'with' : 'without'} scale, ${center ? 'with' : 'without'} offset`
  const f = (...[x, mean, variance, first, second]: tf.Tensor[]): tf.Tensor =>
    tf.batchNorm(
      x!,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      center ? (first as tf.Tensor1D) : undefined,
      scale ? ((center ? second : first) as tf.Tensor1D) : undefined,
      0.01,
    )
  return [
    [2, 3, 2, 4],
    [3, 4],
  ].map((shape) => ({
    title: `${named}, rank ${shape.length}`,
    smoothness: 'smooth',
    shapes: [shape, ...Array.from({ length: parameters }, () => [4])],
    range: [0.6, 1.4],
    f,
  }))
})

export const normalisationCases: readonly GradientCase[] = normal
