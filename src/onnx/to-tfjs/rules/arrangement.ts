import { readInt, readInts, readString } from '../../model/attributes.js'
import { listElements } from '../known-values.js'
import {
  add,
  countElements,
  describeShape,
  divide,
  fixedLength,
  isEqual,
  isFixed,
  isOne,
  isSameShape,
  type Length,
  multiply,
} from '../length.js'
import { normalizeAxis, type Operator, readNumbersOf, requireInput, type Rules } from '../rule.js'
import { chooseLayout, createValue, Refusal, requireFixed, requireSize } from '../tensor-graph.js'
import { axisIn, moveLast, type TensorValue } from '../tensor-value.js'
import { boolAttribute } from '../tf-graph.js'
import { take } from './selection.js'

export const arrangementRules: Rules = {
  Reshape(operator) {
    const value = requireInput(operator, 0)
    const target = requireInput(operator, 1).known
    if (target === undefined) {
      throw new Refusal(
        'its shape depends on the values of the inputs; expected one that depends on their shapes',
      )
    }
    const allowsZero = readInt(operator.node, 'allowzero', 0) === 1
    const given = listElements(target).map((length, axis) =>
      isFixed(length) && length.fixed === 0 && !allowsZero ? value.shape[axis]! : length,
    )
    const size = requireSize(value.shape)
    const others = requireSize(given.filter((length) => !isRest(length)))
    const rest = divide(size, others)
    const shape = given.map((length) => (isRest(length) && rest !== undefined ? rest : length))
    const total = countElements(shape)
    if (total === undefined || !isEqual(total, size)) {
      throw new Refusal(
        `it reshapes ${describeShape(value.shape)} to ${describeShape(given)}, where N is the number of examples, so ` +
          'that the number of examples is fixed in the model. Export it with a dynamic batch axis',
      )
    }
    return reshaped(operator, value, shape)
  },
  Flatten(operator) {
    const value = requireInput(operator, 0)
    const given = readInt(operator.node, 'axis', 1)
    const axis = given < 0 ? given + value.shape.length : given
    const sizes = [value.shape.slice(0, axis), value.shape.slice(axis)].map(requireSize)
    return reshaped(operator, value, sizes)
  },
  Squeeze(operator) {
    const value = requireInput(operator, 0)
    const rank = value.shape.length
    const axes = readNumbersOf(operator, 1)?.map((axis) => normalizeAxis(axis, rank))
    const wrong = axes?.find((axis) => !isOne(value.shape[axis]!))
    if (wrong !== undefined) {
      throw new Refusal(
        `it removes axis ${wrong} of ${describeShape(value.shape)}, whose length isn't 1`,
      )
    }
    const kept = value.shape.filter((length, axis) => !(axes?.includes(axis) ?? isOne(length)))
    return reshaped(operator, value, kept)
  },
  Unsqueeze(operator) {
    const value = requireInput(operator, 0)
    const axes = readNumbersOf(operator, 1) ?? []
    const rank = value.shape.length + axes.length
    const added = axes.map((axis) => normalizeAxis(axis, rank))
    const rest = [...value.shape]
    const shape = Array.from({ length: rank }, (_, axis) =>
      added.includes(axis) ? fixedLength(1) : rest.shift()!,
    )
    return reshaped(operator, value, shape)
  },
  Transpose(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const axes = [...value.shape.keys()]
    const perm = readInts(node, 'perm') ?? axes.toReversed()
    const shape = perm.map((axis) => value.shape[axis]!)
    const isMoveFirst = perm.length > 2 && moveLast(perm).every((axis, k) => axis === k)
    // The same numbers in the same order, with the channels last.
    if (isMoveFirst && value.first !== undefined)
      return { type: value.type, shape, last: value.first }
    if (value.first === undefined && value.last !== undefined) {
      const places = moveLast(axes)
      const composed = perm.map((axis) => places.indexOf(axis))
      return createValue(value.type, shape, 'first', graph.transpose(value.last, composed))
    }
    return createValue(value.type, shape, 'first', graph.transpose(graph.first(value), perm))
  },
  Concat(operator) {
    const { node, graph } = operator
    const values = operator.inputs.map((_, at) => requireInput(operator, at))
    const [first] = values as [TensorValue]
    const rank = first.shape.length
    const axis = normalizeAxis(readInt(node, 'axis', 0), rank)
    const others = (shape: readonly Length[]): Length[] => shape.toSpliced(axis, 1)
    if (!values.every(({ shape }) => isSameShape(others(shape), others(first.shape)))) {
      throw new Refusal(
        `its inputs have the shapes ${values.map(({ shape }) => describeShape(shape)).join(' and ')} for N examples, ` +
          'which do not fit for every N. Export it with a dynamic batch axis',
      )
    }
    const sum = values.map(({ shape }) => shape[axis]!).reduce(add)
    const shape = first.shape.map((length, k) => (k === axis ? sum : length))
    const layout = chooseLayout(values, rank)
    const nodes = values.map((value) => graph.in(layout, value))
    return createValue(first.type, shape, layout, graph.concat(nodes, axisIn(layout, axis, rank)))
  },
  Expand(operator) {
    const value = requireInput(operator, 0)
    const target = requireInput(operator, 1).known
    if (target === undefined) throw new Refusal('its shape depends on the values of the inputs')
    return expand(operator, value, listElements(target))
  },
  Tile(operator) {
    const { graph } = operator
    const value = requireInput(operator, 0)
    const target = requireInput(operator, 1).known
    if (target === undefined) throw new Refusal('its repeats depend on the values of the inputs')
    const repeats = listElements(target)
    const shape = value.shape.map((length, axis) => {
      const product = multiply(length, repeats[axis]!)
      if (product === undefined) throw new Refusal('it repeats the examples once per example')
      return product
    })
    const node = graph.add('Tile', [graph.first(value), graph.shapeVector(repeats)])
    return createValue(value.type, shape, 'first', node)
  },
  ConstantOfShape(operator) {
    const target = requireInput(operator, 0).known
    const attribute = operator.node.attributes['value']
    if (target === undefined) throw new Refusal('its shape depends on the values of the inputs')
    if (attribute?.kind === 'tensor' && attribute.value.type !== 'float32') {
      throw new Refusal('integers of a shape with the number of examples are not supported')
    }
    const number =
      attribute?.kind === 'tensor'
        ? new DataView(attribute.value.bytes.buffer, attribute.value.bytes.byteOffset).getFloat32(
            0,
            true,
          )
        : 0
    const zero: TensorValue = { type: 'float32', shape: [], first: operator.graph.number(number) }
    return expand(operator, zero, listElements(target))
  },
  Pad(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const rank = value.shape.length
    const mode = readString(node, 'mode', 'constant')
    const pads = readNumbersOf(operator, 1) ?? []
    const axes = readNumbersOf(operator, 3) ?? [...value.shape.keys()]
    const perAxis = value.shape.map((): [number, number] => [0, 0])
    for (const [k, axis] of axes.entries()) {
      perAxis[normalizeAxis(axis, rank)] = [pads[k]!, pads[k + axes.length]!]
    }
    if (perAxis.some((own, axis) => own.some((pad) => pad !== 0) && !isFixed(value.shape[axis]!))) {
      throw new Refusal('it pads the axis of the examples')
    }
    if (mode !== 'constant') return repeatBorders(operator, value, perAxis, mode)
    const cut = perAxis.reduce((own, [begin, end], axis) => {
      if (begin >= 0 && end >= 0) return own
      const length = requireFixed(value.shape, axis)
      const [from, to] = [Math.max(0, -begin), length + Math.min(0, end)]
      return take(
        operator,
        own,
        axis,
        Array.from({ length: to - from }, (_, k) => from + k),
      )
    }, value)
    const added = perAxis.map(([begin, end]): [number, number] => [
      Math.max(0, begin),
      Math.max(0, end),
    ])
    if (value.type !== 'float32' || rank > 4) {
      throw new Refusal(`padding of ${value.type} on ${rank} axes isn't supported`)
    }
    const layout = chooseLayout([cut], rank)
    const [fill = 0] = readNumbersOf(operator, 2) ?? []
    const own = layout === 'last' ? moveLast(added) : added
    const shape = cut.shape.map((length, axis) =>
      add(length, fixedLength(added[axis]![0] + added[axis]![1])),
    )
    return createValue(value.type, shape, layout, graph.pad(graph.in(layout, cut), own, fill))
  },
  /** Blocks of channels become blocks of positions. */
  DepthToSpace(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const size = readInt(node, 'blocksize', 1)
    const [examples, , ...spatial] = value.shape as [Length, Length, ...Length[]]
    const [height, width] = spatial.map((_, k) => requireFixed(value.shape, k + 2)) as [
      number,
      number,
    ]
    const depth = requireFixed(value.shape, 1) / size ** 2
    const isColumnFirst = readString(node, 'mode', 'DCR') === 'CRD'
    const block = [size, size].map(fixedLength)
    const channels = isColumnFirst ? [fixedLength(depth), ...block] : [...block, fixedLength(depth)]
    const split = graph.reshape(graph.last(value), [examples, ...spatial, ...channels])
    const order = isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 1, 3, 2, 4, 5]
    const lengths = [height * size, width * size, depth].map(fixedLength)
    const joined = graph.reshape(graph.transpose(split, order), [examples, ...lengths])
    const shape = [examples, lengths[2]!, lengths[0]!, lengths[1]!]
    return createValue(value.type, shape, 'last', joined)
  },
  /** Blocks of positions become blocks of channels. */
  SpaceToDepth(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const size = readInt(node, 'blocksize', 1)
    const [examples] = value.shape as [Length]
    const [depth, height, width] = [1, 2, 3].map((axis) => requireFixed(value.shape, axis)) as [
      number,
      number,
      number,
    ]
    const [rows, columns] = [height / size, width / size]
    const split = [rows, size, columns, size, depth].map(fixedLength)
    const moved = graph.transpose(
      graph.reshape(graph.last(value), [examples, ...split]),
      [0, 1, 3, 2, 4, 5],
    )
    const lengths = [rows, columns, size * size * depth].map(fixedLength)
    const shape = [examples, lengths[2]!, lengths[0]!, lengths[1]!]
    return createValue(value.type, shape, 'last', graph.reshape(moved, [examples, ...lengths]))
  },
  CumSum(operator) {
    const { node, graph } = operator
    const value = requireInput(operator, 0)
    const [given = 0] = readNumbersOf(operator, 1) ?? []
    const axis = normalizeAxis(given, value.shape.length)
    requireFixed(value.shape, axis)
    const sum = graph.add('Cumsum', [graph.first(value), graph.integer(axis)], {
      exclusive: boolAttribute(readInt(node, 'exclusive', 0) === 1),
      reverse: boolAttribute(readInt(node, 'reverse', 0) === 1),
    })
    return createValue(value.type, value.shape, 'first', sum)
  },
}

const isRest = (length: Length): boolean => isFixed(length) && length.fixed === -1

function reshaped({ graph }: Operator, value: TensorValue, shape: readonly Length[]): TensorValue {
  return isSameShape(shape, value.shape)
    ? value
    : createValue(value.type, shape, 'first', graph.reshape(graph.first(value), shape))
}

/** Pads with numbers of the tensor itself. */
function repeatBorders(
  operator: Operator,
  value: TensorValue,
  pads: readonly (readonly [number, number])[],
  mode: string,
): TensorValue {
  const place = borders[mode]
  if (place === undefined) throw new Refusal(`its mode '${mode}' isn't supported`)
  return pads.reduce((padded, [begin, end], axis) => {
    if (begin === 0 && end === 0) return padded
    const length = requireFixed(value.shape, axis)
    const indices = Array.from({ length: begin + length + end }, (_, k) => place(k - begin, length))
    return take(operator, padded, axis, indices)
  }, value)
}

/** Which element is at an index beyond the tensor. */
const borders: Readonly<Record<string, ((index: number, length: number) => number) | undefined>> = {
  edge: (index, length) => Math.max(0, Math.min(length - 1, index)),
  reflect: (index, length) => {
    const period = Math.max(1, 2 * (length - 1))
    const own = ((index % period) + period) % period
    return Math.min(own, period - own)
  },
  wrap: (index, length) => ((index % length) + length) % length,
}

function expand({ graph }: Operator, value: TensorValue, target: readonly Length[]): TensorValue {
  const rank = Math.max(value.shape.length, target.length)
  const pick = (lengths: readonly Length[], axis: number): Length =>
    lengths[axis - rank + lengths.length] ?? fixedLength(1)
  const shape = Array.from({ length: rank }, (_, axis) => {
    const [own, wanted] = [pick(value.shape, axis), pick(target, axis)]
    if (isOne(own)) return wanted
    if (isOne(wanted) || isEqual(own, wanted)) return own
    throw new Refusal(
      `it expands ${describeShape(value.shape)} to ${describeShape(target)}, where N is the number of examples`,
    )
  })
  if (isSameShape(shape, value.shape)) return value
  const node = graph.add('BroadcastTo', [graph.first(value), graph.shapeVector(shape)])
  return createValue(value.type, shape, 'first', node)
}
