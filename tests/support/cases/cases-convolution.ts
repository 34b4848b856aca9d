import * as tf from '@tensorflow/tfjs'
import type { GradientCase } from './gradient-case.js'

type Padding = 'valid' | 'same' | number | [[0, 0], [number, number], [number, number], [0, 0]]

const x4 = (x: tf.Tensor | undefined): tf.Tensor4D => x as tf.Tensor4D
const x5 = (x: tf.Tensor | undefined): tf.Tensor5D => x as tf.Tensor5D

interface Convolution2D {
  readonly x: readonly [number, number, number, number]
  readonly filter: readonly [number, number, number, number]
  readonly strides?: [number, number]
  readonly dilations?: [number, number]
  readonly pad: Padding
}

function settings(of: Convolution2D): string {
  const { x, filter, strides = [1, 1], dilations = [1, 1], pad } = of
  return (
    `[${x.join()}] by [${filter.join()}], strides ${strides.join('×')}, dilations ${dilations.join('×')}, ` +
    `padding ${JSON.stringify(pad)}`
  )
}

function conv2d(of: Convolution2D): GradientCase {
  return {
    title: `conv2d of ${settings(of)}`,
    smoothness: 'linear',
    shapes: [of.x, of.filter],
    f: (x, filter) =>
      tf.conv2d(x4(x), x4(filter), of.strides ?? 1, of.pad, 'NHWC', of.dilations ?? 1),
  }
}

function depthwiseConv2d(of: Convolution2D): GradientCase {
  return {
    title: `depthwiseConv2d of ${settings(of)}`,
    smoothness: 'linear',
    shapes: [of.x, of.filter],
    f: (x, filter) =>
      tf.depthwiseConv2d(x4(x), x4(filter), of.strides ?? 1, of.pad, 'NHWC', of.dilations ?? 1),
  }
}

function transposedConv2d(of: {
  y: readonly [number, number, number, number]
  filter: readonly [number, number, number, number]
  out: [number, number, number, number]
  strides: [number, number]
  pad: 'valid' | 'same' | number
}): GradientCase {
  return {
    title:
      `conv2dTranspose of [${of.y.join()}] by [${of.filter.join()}] to [${of.out.join()}], ` +
      `strides ${of.strides.join('×')}, padding ${String(of.pad)}`,
    smoothness: 'linear',
    shapes: [of.y, of.filter],
    f: (y, filter) => tf.conv2dTranspose(x4(y), x4(filter), of.out, of.strides, of.pad),
  }
}

function conv3d(of: {
  x: readonly [number, number, number, number, number]
  filter: readonly [number, number, number, number, number]
  strides: [number, number, number]
  pad: 'valid' | 'same'
}): GradientCase {
  return {
    title:
      `conv3d of [${of.x.join()}] by [${of.filter.join()}], strides ${of.strides.join('×')}, ` +
      `padding ${of.pad}`,
    smoothness: 'linear',
    shapes: [of.x, of.filter],
    f: (x, filter) => tf.conv3d(x5(x), x5(filter), of.strides, of.pad),
  }
}

export const convolutionCases: readonly GradientCase[] = [
  conv2d({ x: [3, 5, 4, 2], filter: [2, 2, 2, 3], pad: 'same' }),
  conv2d({ x: [2, 5, 6, 2], filter: [3, 2, 2, 3], pad: 'valid' }),
  conv2d({ x: [2, 7, 6, 2], filter: [3, 3, 2, 2], strides: [2, 2], pad: 'same' }),
  conv2d({ x: [2, 8, 7, 1], filter: [3, 2, 1, 2], strides: [3, 2], pad: 'valid' }),
  conv2d({ x: [2, 5, 6, 2], filter: [1, 1, 2, 3], strides: [2, 2], pad: 'same' }),
  conv2d({ x: [2, 5, 4, 1], filter: [3, 3, 1, 2], pad: 1 }),
  conv2d({ x: [2, 4, 4, 1], filter: [2, 2, 1, 2], pad: 3 }),
  conv2d({
    x: [2, 5, 5, 1],
    filter: [3, 3, 1, 2],
    strides: [2, 1],
    pad: [
      [0, 0],
      [2, 0],
      [0, 1],
      [0, 0],
    ],
  }),
  conv2d({ x: [2, 7, 6, 2], filter: [3, 2, 2, 2], dilations: [2, 2], pad: 'same' }),
  conv2d({ x: [2, 7, 8, 1], filter: [2, 3, 1, 2], dilations: [3, 2], pad: 'valid' }),
  depthwiseConv2d({ x: [3, 5, 4, 2], filter: [3, 3, 2, 1], pad: 'same' }),
  depthwiseConv2d({ x: [2, 5, 6, 2], filter: [3, 2, 2, 2], pad: 'valid' }),
  depthwiseConv2d({ x: [2, 7, 6, 2], filter: [3, 3, 2, 2], strides: [2, 2], pad: 'same' }),
  depthwiseConv2d({ x: [2, 6, 5, 3], filter: [2, 2, 3, 1], strides: [2, 2], pad: 1 }),
  depthwiseConv2d({ x: [2, 7, 6, 2], filter: [3, 2, 2, 2], dilations: [2, 2], pad: 'same' }),
  depthwiseConv2d({ x: [2, 7, 7, 1], filter: [2, 2, 1, 2], dilations: [3, 2], pad: 'valid' }),
  transposedConv2d({
    y: [2, 3, 4, 3],
    filter: [2, 3, 2, 3],
    out: [2, 6, 8, 2],
    strides: [2, 2],
    pad: 'same',
  }),
  transposedConv2d({
    y: [2, 3, 3, 2],
    filter: [3, 2, 2, 2],
    out: [2, 5, 4, 2],
    strides: [1, 1],
    pad: 'valid',
  }),
  conv3d({ x: [2, 3, 4, 3, 2], filter: [2, 3, 2, 2, 2], strides: [1, 1, 1], pad: 'same' }),
  conv3d({ x: [1, 4, 5, 4, 1], filter: [2, 2, 3, 1, 2], strides: [2, 1, 1], pad: 'valid' }),
  {
    title:
      'conv3dTranspose of [1,2,3,2,2] by [2,2,3,1,2] to [1,4,6,4,1], strides 2×2×2, padding same',
    smoothness: 'linear',
    shapes: [
      [1, 2, 3, 2, 2],
      [2, 2, 3, 1, 2],
    ],
    f: (y, filter) => tf.conv3dTranspose(x5(y), x5(filter), [1, 4, 6, 4, 1], 2, 'same'),
  },
]

/** On wasm, where TensorFlow.js's dilations are wrong, these are refused. */
export const dilationCases: readonly GradientCase[] = [
  // A filter this weak doesn't break ties of x, and one this strong decides alone. With others, sums would be too close.
  {
    title: 'dilation2d of [1,4,4,1], strides 1×1, padding same',
    smoothness: 'piecewise linear',
    refusedOn: ['wasm'],
    shapes: [
      [1, 4, 4, 1],
      [2, 2, 1],
    ],
    f: (x, filter) => tf.dilation2d(x4(x), tf.div(filter as tf.Tensor3D, 40), 1, 'same'),
  },
  {
    title: 'dilation2d of [1,4,5,1], strides 2×1, dilations 2×2, padding valid',
    smoothness: 'piecewise linear',
    refusedOn: ['wasm'],
    shapes: [
      [1, 4, 5, 1],
      [2, 2, 1],
    ],
    f: (x, filter) =>
      tf.dilation2d(x4(x), tf.mul(filter as tf.Tensor3D, 32), [2, 1], 'valid', [2, 2]),
  },
]
