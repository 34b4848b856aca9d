import { readInt, readInts, readString } from '../../model/attributes.js'
import { fixedLength, isFixed } from '../length.js'
import { normalizeAxis, type Operator, readNumbersOf, requireInput, type Rules } from '../rule.js'
import { createValue, Refusal, requireFixed } from '../tensor-graph.js'
import { elementsOf, type TensorValue } from '../tensor-value.js'
import { boolAttribute } from '../tf-graph.js'
import { take } from './selection.js'

export const resizeRules: Rules = {
  Resize(operator) {
    const { node } = operator
    const value = requireInput(operator, 0)
    const mode = readString(node, 'mode', 'nearest')
    if (readInt(node, 'antialias', 0) === 1) throw new Refusal('antialias is not supported')
    const policy = readString(node, 'keep_aspect_ratio_policy', 'stretch')
    if (policy !== 'stretch')
      throw new Refusal(`keep_aspect_ratio_policy '${policy}' isn't supported`)
    const axes = readResizedAxes(operator, value)
    if (mode === 'nearest') return resizeToNearest(operator, value, axes)
    if (mode === 'linear') return resizeLinearly(operator, value, axes)
    throw new Refusal(`its mode '${mode}' isn't supported; expected nearest or linear`)
  },
}

interface ResizedAxis {
  readonly axis: number
  readonly from: number
  readonly to: number
  /** A float32, as ONNX Runtime computes it. */
  readonly scale: number
  /** Whether `to` is not rounded down, except from float32's nearest number. */
  readonly isExact: boolean
}

/** Returns the axes whose length changes. */
function readResizedAxes(operator: Operator, value: TensorValue): ResizedAxis[] {
  const rank = value.shape.length
  const given = readInts(operator.node, 'axes') ?? [...value.shape.keys()]
  const axes = given.map((axis) => normalizeAxis(axis, rank))
  const { inputs } = operator
  const sizes = inputs[3] && elementsOf(inputs[3])
  if (inputs[3] !== undefined && sizes === undefined) {
    throw new Refusal('its sizes depend on the values of the inputs')
  }
  const scales = sizes === undefined ? readNumbersOf(operator, 2) : undefined
  if (sizes === undefined && scales === undefined) {
    throw new Refusal('it has no scales and no sizes')
  }
  return axes.flatMap((axis, k) => {
    const length = value.shape[axis]!
    const isSame =
      sizes === undefined
        ? scales?.[k] === 1
        : sizes.fixed[k] === length.fixed && (sizes.perExample?.[k] ?? 0) === length.perExample
    if (isSame) return []
    if (!isFixed(length)) throw new Refusal('it resizes the axis of the examples')
    if ((sizes?.perExample?.[k] ?? 0) !== 0) {
      throw new Refusal('its sizes depend on the number of examples')
    }
    const from = length.fixed
    if (sizes !== undefined) {
      const to = sizes.fixed[k]!
      return [{ axis, from, to, scale: Math.fround(to / from), isExact: true }]
    }
    const scale = scales?.[k] ?? 1
    const product = Math.fround(from * scale)
    const to = Math.floor(product)
    return [{ axis, from, to, scale, isExact: to === product }]
  })
}

/** Returns where an index of the result is in the tensor, rounded to float32 as in ONNX Runtime. */
function locate({ node }: Operator, { from, to, scale }: ResizedAxis, index: number): number {
  const mode = readString(node, 'coordinate_transformation_mode', 'half_pixel')
  const halfPixel = Math.fround(Math.fround((index + 0.5) / scale) - 0.5)
  switch (mode) {
    case 'half_pixel':
      return halfPixel
    case 'pytorch_half_pixel':
      return to > 1 ? halfPixel : 0
    case 'asymmetric':
      return Math.fround(index / scale)
    case 'align_corners':
      return to === 1 ? 0 : Math.fround((index * (from - 1)) / (to - 1))
    default:
      throw new Refusal(`its coordinate_transformation_mode '${mode}' isn't supported`)
  }
}

function resizeToNearest(
  operator: Operator,
  value: TensorValue,
  axes: readonly ResizedAxis[],
): TensorValue {
  const round = roundings[readString(operator.node, 'nearest_mode', 'round_prefer_floor')]
  if (round === undefined) throw new Refusal('its nearest_mode is unknown')
  return axes.reduce((resized, axis) => {
    if (axis.from === axis.to && !axis.isExact) {
      throw new Refusal(`its scale ${axis.scale} keeps the length ${axis.to}, so runtimes differ`)
    }
    const indices = Array.from({ length: axis.to }, (_, index) =>
      Math.max(0, Math.min(axis.from - 1, round(locate(operator, axis, index)))),
    )
    return take(operator, resized, axis.axis, indices)
  }, value)
}

const roundings: Readonly<Record<string, ((place: number) => number) | undefined>> = {
  round_prefer_floor: (place) => (isTie(place) ? Math.floor(place) : Math.round(place)),
  round_prefer_ceil: (place) => (isTie(place) ? Math.ceil(place) : Math.round(place)),
  floor: Math.floor,
  ceil: Math.ceil,
}

/** True between two elements, as near to the middle as ONNX Runtime counts as such. */
const isTie = (place: number): boolean => Math.abs(place - Math.floor(place) - 0.5) < 1e-6

function resizeLinearly(
  operator: Operator,
  value: TensorValue,
  axes: readonly ResizedAxis[],
): TensorValue {
  const { node, graph } = operator
  if (value.type !== 'float32') {
    throw new Refusal('interpolation of integers is not supported')
  }
  const mode = readString(node, 'coordinate_transformation_mode', 'half_pixel')
  const isImage = value.shape.length === 4 && axes.every(({ axis }) => axis > 1)
  const isExact = axes.every((each) => each.isExact && each.to > 1)
  const isKnown = ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'].includes(mode)
  if (!isImage || !isKnown || !(isExact || mode === 'align_corners')) {
    throw new Refusal(
      `interpolation in the mode '${mode}' of a tensor of ${value.shape.length} axes by these scales isn't supported; ` +
        'expected an image [N, C, H, W], and scales to whole sizes',
    )
  }
  const target = [2, 3].map(
    (axis) => axes.find((each) => each.axis === axis)?.to ?? requireFixed(value.shape, axis),
  )
  const resized = graph.add('ResizeBilinear', [graph.last(value), graph.integers(target)], {
    align_corners: boolAttribute(mode === 'align_corners'),
    half_pixel_centers: boolAttribute(mode.endsWith('half_pixel')),
  })
  const shape = [...value.shape.slice(0, 2), ...target.map(fixedLength)]
  return createValue('float32', shape, 'last', resized)
}
