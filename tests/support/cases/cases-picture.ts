import * as tf from '@tensorflow/tfjs'
import type { GradientCase } from './gradient-case.js'

type Size = [number, number]

const flags = [
  { alignCorners: false, halfPixelCenters: false },
  { alignCorners: true, halfPixelCenters: false },
  { alignCorners: false, halfPixelCenters: true },
]

const resizes: readonly GradientCase[] = flags.flatMap(({ alignCorners, halfPixelCenters }) =>
  (
    [
      { from: [3, 4, 5, 2], to: [7, 8] },
      { from: [2, 6, 5, 1], to: [3, 4] },
      { from: [2, 3, 4, 1], to: [1, 9] },
    ] as { from: number[]; to: Size }[]
  ).flatMap(({ from, to }): GradientCase[] => {
    const where = `[${from.join()}] to ${to.join('×')}, alignCorners ${String(alignCorners)}, halfPixelCenters ${String(halfPixelCenters)}`
    return [
      {
        title: `resizeBilinear of ${where}`,
        smoothness: 'linear',
        shapes: [from],
        f: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, to, alignCorners, halfPixelCenters),
      },
      {
        title: `resizeNearestNeighbor of ${where}`,
        smoothness: 'linear',
        shapes: [from],
        f: (x) =>
          tf.image.resizeNearestNeighbor(x as tf.Tensor4D, to, alignCorners, halfPixelCenters),
      },
    ]
  }),
)

const mirrors: readonly GradientCase[] = (['reflect', 'symmetric'] as const).flatMap((mode) => [
  {
    title: `mirrorPad, ${mode}, of a picture`,
    smoothness: 'linear',
    shapes: [[2, 4, 3, 2]],
    f: (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 3],
          [2, 0],
          [0, 1],
        ],
        mode,
      ),
  },
  {
    title: `mirrorPad, ${mode}, of a row`,
    smoothness: 'linear',
    shapes: [[5]],
    f: (x) => tf.mirrorPad(x, [[4, 2]], mode),
  },
])

export const pictureCases: readonly GradientCase[] = [
  ...resizes,
  ...mirrors,
  {
    title: 'depthToSpace of [2,2,3,8] by 2',
    smoothness: 'linear',
    shapes: [[2, 2, 3, 8]],
    f: (x) => tf.depthToSpace(x as tf.Tensor4D, 2, 'NHWC'),
  },
  {
    title: 'spaceToBatchND of [2,4,6,2]',
    smoothness: 'linear',
    shapes: [[2, 4, 5, 2]],
    f: (x) =>
      tf.spaceToBatchND(
        x,
        [2, 3],
        [
          [0, 0],
          [1, 0],
        ],
      ),
  },
  {
    title: 'batchToSpaceND of [8,2,3,1]',
    smoothness: 'linear',
    shapes: [[8, 2, 3, 1]],
    f: (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 1],
          [1, 0],
        ],
      ),
  },
  {
    title: 'localResponseNormalization',
    smoothness: 'smooth',
    shapes: [[2, 2, 3, 5]],
    f: (x) => tf.localResponseNormalization(x as tf.Tensor4D, 2, 1, 0.7, 0.6),
  },
  ...(['bilinear', 'nearest'] as const).map((method): GradientCase => ({
    title: `cropAndResize, ${method}, of boxes within, across and beyond the picture`,
    smoothness: 'linear',
    shapes: [[2, 4, 5, 2]],
    f: (x) =>
      tf.image.cropAndResize(
        x as tf.Tensor4D,
        tf.tensor2d([
          [0.1, 0.2, 0.8, 0.9],
          [-0.3, 0, 0.7, 1.4],
          [0.9, 0.6, 0.2, 0.1],
          [1.2, 1.2, 1.5, 1.5],
        ]),
        tf.tensor1d([0, 1, 1, 0], 'int32'),
        [3, 4],
        method,
        0.5,
      ),
  })),
  {
    title: 'flipLeftRight',
    smoothness: 'linear',
    shapes: [[2, 3, 4, 2]],
    f: (x) => tf.image.flipLeftRight(x as tf.Tensor4D),
  },
]
