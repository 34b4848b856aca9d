import { readInt, readInts } from '../../model/attributes.js'
import { fixedLength } from '../length.js'
import type { Operator, Rule, Rules } from '../rule.js'
import { createValue, Refusal } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import { textAttribute, type TfNode } from '../tf-graph.js'
import {
  imageNode,
  imageValue,
  perAxis,
  readImage,
  readWindows,
  type Window,
  withTwoAxes,
} from './windows.js'

export const poolRules: Rules = {
  // The lowest float32 never is the largest number of a window, which has one element of the image at least.
  MaxPool: (operator) => pool(operator, 'MaxPool', -3.4028234663852886e38),
  AveragePool: (operator) => pool(operator, 'AvgPool', 0),
  GlobalAveragePool: poolAll('Mean'),
  GlobalMaxPool: poolAll('Max'),
}

function poolAll(op: string): Rule {
  return (operator) => {
    const { value, lengths } = readImage(operator)
    const { graph } = operator
    const axes = lengths.map((_, k) => k + 1)
    const shape = value.shape.map((length, axis) => (axis < 2 ? length : fixedLength(1)))
    return createValue('float32', shape, 'last', graph.reduce(op, graph.last(value), axes, true))
  }
}

function pool(operator: Operator, op: 'MaxPool' | 'AvgPool', padding: number): TensorValue {
  const { node, graph } = operator
  const image = readImage(operator)
  const windows = readWindows(operator, image, readInts(node, 'kernel_shape') ?? [])
  if (windows.some(({ dilation }) => dilation > 1)) {
    throw new Refusal('a pooling with dilations is not supported')
  }
  const wide = withTwoAxes(windows)
  const x = padWindows(operator, imageNode(operator, image), wide, padding)
  const pooled = graph.add(wide.length === 3 ? `${op}3D` : op, [x], {
    ksize: perAxis(wide.map(({ size }) => size)),
    strides: perAxis(wide.map(({ stride }) => stride)),
    padding: textAttribute('VALID'),
  })
  const result = op === 'AvgPool' ? correctMeans(operator, pooled, wide) : pooled
  const counts = windows.map(({ count }) => count)
  return imageValue(operator, result, image.examples, image.channels, counts)
}

/** Pads an image, so that its windows reach neither beyond it nor less far. */
function padWindows(
  { graph }: Operator,
  x: TfNode,
  windows: readonly Window[],
  padding: number,
): TfNode {
  const pads = windows.map(
    (window) =>
      [window.begin, Math.max(0, reachOf(window) - window.length - window.begin)] as const,
  )
  return pads.every(([begin, end]) => begin + end === 0)
    ? x
    : graph.pad(x, [[0, 0], ...pads, [0, 0]], padding)
}

/** Where the last window ends, counted from the beginning of the padding. */
const reachOf = ({ size, stride, count }: Window): number => (count - 1) * stride + size

/** Multiplies means of windows with padding in them by their size over the number of elements that count. */
function correctMeans(
  { node, graph }: Operator,
  means: TfNode,
  windows: readonly Window[],
): TfNode {
  const isPaddingCounted = readInt(node, 'count_include_pad', 0) === 1
  const perWindow = windows.map((window) => {
    const { length, size, stride, begin, end, count } = window
    const [low, high] = isPaddingCounted ? [0, begin + length + end] : [begin, begin + length]
    return Array.from({ length: count }, (_, k) => {
      const start = k * stride
      return Math.min(start + size, high) - Math.max(start, low)
    })
  })
  const isComplete = windows.every(({ size }, axis) =>
    perWindow[axis]!.every((own) => own === size),
  )
  if (isComplete) return means
  const whole = windows.reduce((product, { size }) => product * size, 1)
  const counted = perWindow.reduce<number[]>(
    (products, own) => products.flatMap((product) => own.map((count) => product * count)),
    [1],
  )
  const shape = [1, ...windows.map(({ count }) => count), 1]
  const data = Float32Array.from(counted, (count) => whole / count)
  return graph.add('Mul', [means, graph.constant({ data, shape }, 'float32')])
}
