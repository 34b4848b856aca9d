import { readInt, readInts } from '../../model/attributes.js'
import { fixedLength } from '../length.js'
import { type Operator, requireInput, type Rules } from '../rule.js'
import { createValue, Refusal, requireFixed } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import { textAttribute, type TfNode } from '../tf-graph.js'
import {
  type Image,
  imageNode,
  imageValue,
  paddingAttributes,
  perAxis,
  readImage,
  readWindowAttributes,
  readWindows,
  type Window,
  withTwoAxes,
} from './windows.js'

export const convolutionRules: Rules = {
  Conv(operator) {
    const image = readImage(operator)
    const { node } = operator
    const filter = requireInput(operator, 1)
    const [outputs = 0, , ...sizes] = filter.shape.map((_, axis) =>
      requireFixed(filter.shape, axis),
    )
    const windows = readWindows(operator, image, sizes)
    const group = readInt(node, 'group', 1)
    const x = imageNode(operator, image)
    const w = filterNode(operator, filter)
    const result =
      windows.length === 3
        ? convolve3D(operator, x, w, windows, group)
        : convolve(operator, { x, w, windows: withTwoAxes(windows), group, outputs, image })
    const counts = windows.map(({ count }) => count)
    return withBias(operator, imageValue(operator, result, image.examples, outputs, counts))
  },
  ConvTranspose(operator) {
    const image = readImage(operator)
    const filter = requireInput(operator, 1)
    const [, share = 0, ...sizes] = filter.shape.map((_, axis) => requireFixed(filter.shape, axis))
    const group = readInt(operator.node, 'group', 1)
    const windows = readTransposedWindows(operator, image, sizes)
    const wide = withTwoAxes(windows)
    const { graph } = operator
    const shape = [
      image.examples,
      ...wide.map(({ length }) => fixedLength(length)),
      fixedLength(share),
    ]
    const x = imageNode(operator, image)
    const w = filterNode(operator, filter)
    const own = image.channels / group
    const parts = Array.from({ length: group }, (_, k) =>
      graph.add(
        'Conv2DBackpropInput',
        [
          graph.shapeVector(shape),
          group === 1 ? w : graph.sliceAxis(w, 4, 3, k * own, own),
          group === 1 ? x : graph.sliceAxis(x, 4, 3, k * own, own),
        ],
        {
          strides: perAxis(wide.map(({ stride }) => stride)),
          dilations: perAxis([1, 1]),
          ...paddingAttributes(wide.map(({ begin, end }) => [begin, end])),
        },
      ),
    )
    const result = graph.concat(parts, 3)
    const lengths = windows.map(({ length }) => length)
    return withBias(operator, imageValue(operator, result, image.examples, share * group, lengths))
  },
}

function withBias(operator: Operator, value: TensorValue): TensorValue {
  const bias = operator.inputs[2]
  if (bias === undefined) return value
  const { graph } = operator
  // The channels are the last axis, so that a vector is broadcast along them.
  return createValue(
    'float32',
    value.shape,
    'last',
    graph.add('AddV2', [graph.last(value), graph.first(bias)]),
  )
}

/** Returns a filter as [height, width, inputs, outputs]. */
function filterNode({ graph }: Operator, filter: TensorValue): TfNode {
  const rank = filter.shape.length
  const order = [...Array.from({ length: rank - 2 }, (_, k) => k + 2), 1, 0]
  const node = filter.filter ?? graph.transpose(graph.first(filter), order)
  if (rank > 3) return node
  const lengths = order.map((axis) => filter.shape[axis]!)
  return graph.reshape(node, [fixedLength(1), ...lengths])
}

interface Convolution {
  readonly x: TfNode
  readonly w: TfNode
  readonly windows: readonly Window[]
  readonly group: number
  readonly outputs: number
  readonly image: Image
}

function convolve(operator: Operator, all: Convolution): TfNode {
  const { graph } = operator
  const { windows, group, outputs, image } = all
  // TensorFlow.js has no convolution with both: the windows between are left out afterwards.
  const isBoth =
    windows.some(({ stride }) => stride > 1) && windows.some(({ dilation }) => dilation > 1)
  const attributes = {
    strides: perAxis(windows.map(({ stride }) => (isBoth ? 1 : stride))),
    dilations: perAxis(windows.map(({ dilation }) => dilation)),
    ...paddingAttributes(windows.map(({ begin, end }) => [begin, end])),
  }
  const result = addConvolution(operator, all, attributes, image.channels / group, outputs / group)
  if (!isBoth) return result
  return graph.add(
    'StridedSlice',
    [
      result,
      graph.integers([0, 0, 0, 0]),
      graph.integers([0, 0, 0, 0]),
      graph.integers([1, ...windows.map(({ stride }) => stride), 1]),
    ],
    { begin_mask: { i: '15' }, end_mask: { i: '15' } },
  )
}

function addConvolution(
  { graph }: Operator,
  { x, w, windows, group, outputs, image }: Convolution,
  attributes: Readonly<Record<string, object>>,
  inputShare: number,
  outputShare: number,
): TfNode {
  if (group === 1) return graph.add('Conv2D', [x, w], attributes)
  if (inputShare === 1) {
    const sizes = windows.map(({ size }) => fixedLength(size))
    const shape = [...sizes, fixedLength(image.channels), fixedLength(outputShare)]
    return graph.add('DepthwiseConv2dNative', [x, graph.reshape(w, shape)], attributes)
  }
  const parts = Array.from({ length: group }, (_, k) =>
    graph.add(
      'Conv2D',
      [
        graph.sliceAxis(x, 4, 3, k * inputShare, inputShare),
        graph.sliceAxis(w, 4, 3, k * outputShare, outputShare),
      ],
      attributes,
    ),
  )
  if (outputs !== group * outputShare) throw new Refusal('its filters do not fit its groups')
  return graph.concat(parts, 3)
}

function convolve3D(
  { graph }: Operator,
  x: TfNode,
  w: TfNode,
  windows: readonly Window[],
  group: number,
): TfNode {
  if (group > 1 || windows.some(({ dilation }) => dilation > 1)) {
    throw new Refusal('a convolution of volumes with groups or dilations is not supported')
  }
  const pads = windows.map(({ begin, end }) => [begin, end] as const)
  const padded = pads.every(([begin, end]) => begin + end === 0)
    ? x
    : graph.pad(x, [[0, 0], ...pads, [0, 0]], 0)
  return graph.add('Conv3D', [padded, w], {
    strides: perAxis(windows.map(({ stride }) => stride)),
    dilations: perAxis([1, 1, 1]),
    data_format: textAttribute('NDHWC'),
    ...paddingAttributes([]),
  })
}

/** Reads the windows of the convolution whose gradient this is: its image is the output. */
function readTransposedWindows(
  operator: Operator,
  { lengths }: Image,
  sizes: readonly number[],
): Window[] {
  const { node } = operator
  const axes = lengths.length
  const { strides, dilations, pads, automatic } = readWindowAttributes(operator, axes)
  const extra = readInts(node, 'output_padding') ?? lengths.map(() => 0)
  const stated = readInts(node, 'output_shape')
  if (axes === 3 || dilations.some((dilation) => dilation > 1)) {
    throw new Refusal('a transposed convolution of volumes or with dilations is not supported')
  }
  return lengths.map((count, axis) => {
    const [size, stride] = [sizes[axis]!, strides[axis]!]
    const full = stride * (count - 1) + extra[axis]! + size
    let [begin, end] = [pads[axis]!, pads[axis + axes]!]
    const isSame = automatic.startsWith('SAME')
    if (automatic === 'VALID') [begin, end] = [0, 0]
    if (isSame || stated !== undefined) {
      const wanted = stated?.[stated.length - axes + axis] ?? count * stride
      const all = full - wanted
      const less = Math.floor(all / 2)
      ;[begin, end] = automatic === 'SAME_UPPER' ? [less, all - less] : [all - less, less]
    }
    if (begin < 0 || end < 0) throw new Refusal('its padding is negative')
    const length = full - begin - end
    if (Math.floor((length + begin + end - size) / stride) + 1 !== count) {
      throw new Refusal('its output_padding is not smaller than its stride')
    }
    return { length, size, stride, dilation: 1, begin, end, count }
  })
}
