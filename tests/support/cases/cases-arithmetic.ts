import * as tf from '@tensorflow/tfjs'
import type { GradientCase, Smoothness } from './gradient-case.js'

type Unary = (x: tf.Tensor) => tf.Tensor
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor

const one =
  (f: Unary): GradientCase['f'] =>
  (x) =>
    f(x)
const two =
  (f: Binary): GradientCase['f'] =>
  (a, b) =>
    f(a, b)

function unary(
  name: string,
  f: Unary,
  smoothness: Smoothness = 'smooth',
  range?: readonly [number, number],
): GradientCase {
  return { title: name, smoothness, shapes: [[3, 5]], f: one(f), ...(range ? { range } : {}) }
}

/** Pairs of shapes: equal, and broadcast on either side, within an axis, and by rank. */
const pairs = [
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[3], [2, 4, 3]],
  [[], [2, 3]],
] as const

function binary(
  name: string,
  f: Binary,
  smoothness: Smoothness = 'smooth',
  range?: readonly [number, number],
): GradientCase[] {
  return pairs.map((shapes) => ({
    title: `${name} of [${shapes[0].join()}] and [${shapes[1].join()}]`,
    smoothness,
    shapes,
    f: two(f),
    ...(range ? { range } : {}),
  }))
}

const positive = [0.5, 1.5] as const
const open = [-0.6, 0.6] as const

export const arithmeticCases: readonly GradientCase[] = [
  ...binary('add', tf.add, 'linear'),
  ...binary('sub', tf.sub, 'linear'),
  ...binary('mul', tf.mul, 'linear'),
  ...binary('div', tf.div, 'smooth', positive),
  ...binary('divNoNan', tf.divNoNan, 'smooth', positive),
  ...binary('pow', tf.pow, 'smooth', positive),
  ...binary('atan2', tf.atan2, 'smooth', positive),
  ...binary('squaredDifference', tf.squaredDifference),
  ...binary('maximum', tf.maximum, 'piecewise linear'),
  ...binary('minimum', tf.minimum, 'piecewise linear'),
  ...binary('floorDiv', (a, b) => tf.floorDiv(a, tf.add(tf.abs(b), 100)), 'piecewise linear'),
  ...binary('mod', (a, b) => tf.mod(a, tf.add(b, 5)), 'linear', positive),
  ...([[2, 4, 3], [3], [4, 1]] as const).map((alpha): GradientCase => ({
    title: `prelu of [2,4,3] with α of [${alpha.join()}]`,
    smoothness: 'piecewise linear',
    shapes: [[2, 4, 3], alpha],
    f: two(tf.prelu),
  })),
  unary('abs', tf.abs, 'piecewise linear'),
  unary('acos', tf.acos, 'smooth', open),
  unary('acosh', tf.acosh, 'smooth', [1.5, 3]),
  unary('asin', tf.asin, 'smooth', open),
  unary('asinh', tf.asinh),
  unary('atan', tf.atan),
  unary('atanh', tf.atanh, 'smooth', open),
  unary('ceil', tf.ceil, 'piecewise linear'),
  unary('clipByValue', (x) => tf.clipByValue(x, -0.25, 0.25), 'piecewise linear'),
  unary('cos', tf.cos),
  unary('cosh', tf.cosh),
  unary('elu', (x) => tf.elu(tf.mul(x, 3)), 'smooth', positive),
  unary('elu below zero', (x) => tf.elu(tf.neg(x)), 'smooth', positive),
  unary('erf', tf.erf),
  unary('exp', tf.exp),
  unary('expm1', tf.expm1),
  unary('floor', tf.floor, 'piecewise linear'),
  unary('leakyRelu', (x) => tf.leakyRelu(x, 0.3), 'piecewise linear'),
  unary('log', tf.log, 'smooth', positive),
  unary('log1p', tf.log1p, 'smooth', positive),
  unary('logSigmoid', tf.logSigmoid),
  unary('logSoftmax', (x) => tf.logSoftmax(x)),
  unary('logSumExp', (x) => tf.logSumExp(x, 1)),
  unary('neg', tf.neg, 'linear'),
  unary('reciprocal', tf.reciprocal, 'smooth', positive),
  unary('relu', tf.relu, 'piecewise linear'),
  unary('relu6', (x) => tf.relu6(tf.mul(x, 16)), 'piecewise linear'),
  unary('round', (x) => tf.round(tf.add(x, 0.01)), 'piecewise linear'),
  unary('rsqrt', tf.rsqrt, 'smooth', positive),
  unary('selu', (x) => tf.selu(x), 'smooth', positive),
  unary('selu below zero', (x) => tf.selu(tf.neg(x)), 'smooth', positive),
  unary('sigmoid', tf.sigmoid),
  unary('sign', tf.sign, 'piecewise linear'),
  unary('sin', tf.sin),
  unary('sinh', tf.sinh),
  unary('softmax', (x) => tf.softmax(x)),
  unary('softplus', tf.softplus),
  unary('sqrt', tf.sqrt, 'smooth', positive),
  unary('square', tf.square),
  unary('step', (x) => tf.step(x, 0.1), 'piecewise linear'),
  unary('tan', tf.tan),
  unary('tanh', tf.tanh),
  unary('cast', (x) => tf.cast(x, 'float32'), 'linear'),
  unary('addN', (x) => tf.addN([x, tf.mul(x, 2), x]), 'linear'),
  unary(
    'addN of a dozen',
    (x) => tf.addN(Array.from({ length: 12 }, (_, index) => tf.mul(x, index + 1))),
    'linear',
  ),
  {
    title: 'where, the condition broadcast',
    smoothness: 'linear',
    shapes: [
      [2, 3, 2],
      [2, 3, 2],
    ],
    f: two((a, b) => tf.where(tf.tensor([true, false], [2, 1, 1], 'bool'), a, b)),
  },
]
