import * as tf from '@tensorflow/tfjs'
import type { GradientCase } from './gradient-case.js'

type Explicit = [[0, 0], [number, number], [number, number], [0, 0]]

interface Pool {
  readonly x: readonly number[]
  readonly size: [number, number]
  readonly strides: [number, number]
  readonly pad: 'valid' | 'same' | number | Explicit
}

interface Pool3D {
  readonly x: readonly [number, number, number, number, number]
  readonly size: [number, number, number]
  readonly strides: [number, number, number]
  readonly pad: 'valid' | 'same' | number
}

const settings = ({ x, size, strides, pad }: Pool | Pool3D): string =>
  `[${x.join()}], window ${size.join('×')}, strides ${strides.join('×')}, ` +
  `padding ${JSON.stringify(pad)}`

/** Every value is below zero, so no window has a positive maximum. */
const negative = (x: tf.Tensor): tf.Tensor => tf.sub(x, 10)

function pools(of: Pool): GradientCase[] {
  const { x, size, strides, pad } = of
  return [
    {
      title: `maxPool of ${settings(of)}`,
      smoothness: 'piecewise linear',
      shapes: [x],
      f: (t) => tf.maxPool(t as tf.Tensor4D, size, strides, pad),
    },
    {
      title: `avgPool of ${settings(of)}`,
      smoothness: 'linear',
      shapes: [x],
      f: (t) => tf.avgPool(t as tf.Tensor4D, size, strides, pad),
    },
  ]
}

function pools3d(of: Pool3D): GradientCase[] {
  const { x, size, strides, pad } = of
  return [
    {
      title: `maxPool3d of ${settings(of)}`,
      smoothness: 'piecewise linear',
      shapes: [x],
      f: (t) => tf.maxPool3d(t as tf.Tensor5D, size, strides, pad),
    },
    {
      title: `maxPool3d of ${settings(of)}, every value negative`,
      smoothness: 'piecewise linear',
      shapes: [x],
      f: (t) => tf.maxPool3d(negative(t) as tf.Tensor5D, size, strides, pad),
    },
    {
      title: `avgPool3d of ${settings(of)}`,
      smoothness: 'linear',
      shapes: [x],
      f: (t) => tf.avgPool3d(t as tf.Tensor5D, size, strides, pad),
    },
  ]
}

export const poolingCases: readonly GradientCase[] = [
  ...pools({ x: [3, 5, 7, 2], size: [2, 2], strides: [2, 2], pad: 'valid' }),
  ...pools({ x: [3, 5, 7, 2], size: [2, 2], strides: [2, 2], pad: 'same' }),
  ...pools({ x: [2, 6, 5, 2], size: [3, 2], strides: [2, 1], pad: 'same' }),
  ...pools({ x: [2, 5, 5, 1], size: [3, 3], strides: [1, 1], pad: 'same' }),
  ...pools({ x: [2, 6, 6, 2], size: [3, 3], strides: [2, 2], pad: 1 }),
  ...pools({
    x: [1, 5, 6, 2],
    size: [2, 3],
    strides: [2, 2],
    pad: [
      [0, 0],
      [1, 0],
      [0, 2],
      [0, 0],
    ],
  }),
  {
    title: 'maxPool of [2,5,6,3], window 2×2, padding same, every value negative',
    smoothness: 'piecewise linear',
    shapes: [[2, 5, 6, 3]],
    f: (x) => tf.maxPool(negative(x) as tf.Tensor4D, 2, 2, 'same'),
  },
  {
    title: 'maxPool of [2,5,6,2], window 3×3, strides 1×1, padding same, every value negative',
    smoothness: 'piecewise linear',
    shapes: [[2, 5, 6, 2]],
    f: (x) => tf.maxPool(negative(x) as tf.Tensor4D, 3, 1, 'same'),
  },
  {
    title: 'maxPool and avgPool of one picture without a batch axis',
    smoothness: 'piecewise linear',
    shapes: [[5, 4, 2]],
    f: (x) =>
      tf.add(
        tf.maxPool(x as tf.Tensor3D, 2, 2, 'same'),
        tf.avgPool(x as tf.Tensor3D, 2, 2, 'same'),
      ),
  },
  ...pools3d({ x: [2, 4, 3, 5, 2], size: [2, 2, 2], strides: [2, 2, 2], pad: 'same' }),
  ...pools3d({ x: [1, 3, 5, 4, 1], size: [2, 3, 2], strides: [1, 2, 1], pad: 'valid' }),
  ...pools3d({ x: [1, 3, 4, 5, 1], size: [1, 2, 3], strides: [1, 1, 2], pad: 'same' }),
]
