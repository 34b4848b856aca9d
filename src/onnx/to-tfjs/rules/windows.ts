import { readInt, readInts, readString } from '../../model/attributes.js'
import { fixedLength, type Length } from '../length.js'
import { type Operator, requireInput } from '../rule.js'
import { Refusal, requireFixed } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import { intsAttribute, textAttribute, type TfNode } from '../tf-graph.js'

/** The windows along one axis of an image. */
export interface Window {
  readonly length: number
  readonly size: number
  readonly stride: number
  readonly dilation: number
  readonly begin: number
  readonly end: number
  /** The number of windows. */
  readonly count: number
}

/** An image [N, C, …] with one, two or three further axes. */
export interface Image {
  readonly value: TensorValue
  readonly examples: Length
  readonly channels: number
  readonly lengths: readonly number[]
}

export function readImage(operator: Operator): Image {
  const value = requireInput(operator, 0)
  const rank = value.shape.length
  if (value.type !== 'float32' || rank < 3 || rank > 5) {
    throw new Refusal(`${operator.node.op} of a tensor of ${rank} axes isn't supported`)
  }
  const [channels = 0, ...lengths] = value.shape
    .slice(1)
    .map((_, k) => requireFixed(value.shape, k + 1))
  return { value, examples: value.shape[0]!, channels, lengths }
}

/** What the attributes of a node state about its windows. */
interface WindowAttributes {
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** The padding before each axis, then that after each. */
  readonly pads: readonly number[]
  readonly automatic: string
}

/** @param axes the number of axes that the windows move along */
export const readWindowAttributes = ({ node }: Operator, axes: number): WindowAttributes => ({
  strides: readInts(node, 'strides') ?? Array.from({ length: axes }, () => 1),
  dilations: readInts(node, 'dilations') ?? Array.from({ length: axes }, () => 1),
  pads: readInts(node, 'pads') ?? Array.from({ length: 2 * axes }, () => 0),
  automatic: readString(node, 'auto_pad', 'NOTSET'),
})

/** Reads the windows of a convolution or a pooling. Those beyond the padding are cut off with ceil_mode. */
export function readWindows(
  operator: Operator,
  { lengths }: Image,
  sizes: readonly number[],
): Window[] {
  const { node } = operator
  const axes = lengths.length
  const { strides, dilations, pads, automatic } = readWindowAttributes(operator, axes)
  const isCeil = readInt(node, 'ceil_mode', 0) === 1
  if (pads.some((pad) => pad < 0)) throw new Refusal('its padding is negative')
  return lengths.map((length, axis) => {
    const [size, stride, dilation] = [sizes[axis]!, strides[axis]!, dilations[axis]!]
    const extent = dilation * (size - 1) + 1
    let [begin, end] = [pads[axis]!, pads[axis + axes]!]
    if (automatic === 'VALID') [begin, end] = [0, 0]
    else if (automatic.startsWith('SAME')) {
      const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + extent - length)
      const less = Math.floor(all / 2)
      ;[begin, end] = automatic === 'SAME_UPPER' ? [less, all - less] : [all - less, less]
    }
    const room = length + begin + end - extent
    let count = (isCeil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1
    // The last window starts in the image or in the padding before it.
    if (isCeil && (count - 1) * stride >= length + begin) count--
    if (count < 1) throw new Refusal(`its window of ${extent} is larger than the image`)
    return { length, size, stride, dilation, begin, end, count }
  })
}

/** Returns the image with its channels last, and two axes at least. */
export function imageNode(
  { graph }: Operator,
  { value, examples, channels, lengths }: Image,
): TfNode {
  const node = graph.last(value)
  return lengths.length > 1
    ? node
    : graph.reshape(node, [
        examples,
        fixedLength(1),
        fixedLength(lengths[0]!),
        fixedLength(channels),
      ])
}

/** Returns what windows compute, with the shape that the operator has. */
export function imageValue(
  { graph }: Operator,
  node: TfNode,
  examples: Length,
  channels: number,
  counts: readonly number[],
): TensorValue {
  const shape = [examples, fixedLength(channels), ...counts.map(fixedLength)]
  const last =
    counts.length > 1
      ? node
      : graph.reshape(node, [examples, fixedLength(counts[0]!), fixedLength(channels)])
  return { type: 'float32', shape, last }
}

/** The window along an axis of length 1 that one-dimensional images get. */
const narrow: Window = {
  length: 1,
  size: 1,
  stride: 1,
  dilation: 1,
  begin: 0,
  end: 0,
  count: 1,
}

/** Returns the windows along the axes that `imageNode` has. */
export const withTwoAxes = (windows: readonly Window[]): readonly Window[] =>
  windows.length > 1 ? windows : [narrow, ...windows]

/** Returns an attribute for each axis of the image. */
export const perAxis = (values: readonly number[]): object => intsAttribute([1, ...values, 1])

/** Returns the attributes for padding. */
export function paddingAttributes(
  pads: readonly (readonly [number, number])[],
): Record<string, object> {
  if (pads.every(([begin, end]) => begin === 0 && end === 0)) {
    return { padding: textAttribute('VALID') }
  }
  return {
    padding: textAttribute('EXPLICIT'),
    explicit_paddings: intsAttribute([0, 0, ...pads.flat(), 0, 0]),
  }
}
