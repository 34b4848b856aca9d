import { type KnownValues, listElements } from './known-values.js'
import { countElements, describeShape, fixedLength, isFixed, isOne, type Length } from './length.js'
import { isOnlyLast, type Layout, moveFirst, moveLast, type TensorValue } from './tensor-value.js'
import {
  boolAttribute,
  intAttribute,
  TfGraph,
  type TfNode,
  typeAttribute,
  type TfType,
} from './tf-graph.js'

/** What a rule can't convert; `convertNode` adds the name of the node. */
export class Refusal extends Error {}

/** Adds nodes of TensorFlow to a graph, in the terms of ONNX's tensors. */
export class TensorGraph extends TfGraph {
  #exampleCount: TfNode | undefined
  /** An input, whose first axis has the examples. */
  input: TfNode | undefined

  /** Returns the node that has a tensor in ONNX's order. */
  first(value: TensorValue): TfNode {
    if (value.first === undefined && value.known !== undefined) {
      value.first = this.knownConstant(value.known, value.type)
    }
    value.first ??= this.#move(value.last!, moveLast(value.shape), value.shape, (axes) =>
      moveFirst(axes),
    )
    return value.first
  }

  /** Returns the node that has a tensor with its channels at the end. */
  last(value: TensorValue): TfNode {
    if (value.shape.length < 3) return this.first(value)
    value.last ??= this.#move(this.first(value), value.shape, moveLast(value.shape), (axes) =>
      moveLast(axes),
    )
    return value.last
  }

  in(layout: Layout, value: TensorValue): TfNode {
    return layout === 'first' ? this.first(value) : this.last(value)
  }

  /** Permutes the axes, by a reshape where only axes of length 1 change their places. */
  #move(
    node: TfNode,
    from: readonly Length[],
    to: readonly Length[],
    permute: (axes: readonly number[]) => number[],
  ): TfNode {
    const perm = permute(from.map((_, axis) => axis))
    const moved = perm.filter((axis) => !isOne(from[axis]!))
    const keepsOrder = moved.every((axis, k) => k === 0 || axis > moved[k - 1]!)
    return keepsOrder ? this.reshape(node, to) : this.transpose(node, perm)
  }

  transpose(node: TfNode, perm: readonly number[]): TfNode {
    return perm.every((axis, k) => axis === k)
      ? node
      : this.add('Transpose', [node, this.integers(perm)])
  }

  /** Reshapes a node to a shape of as many elements. */
  reshape(node: TfNode, shape: readonly Length[]): TfNode {
    const free = shape.filter((length) => !isFixed(length)).length
    if (free > 1) return this.add('Reshape', [node, this.shapeVector(shape)])
    const lengths = shape.map((length) => (isFixed(length) ? length.fixed : -1))
    return this.add('Reshape', [node, this.integers(lengths)])
  }

  /** Returns a vector of integers, which may depend on the number of examples. */
  shapeVector(shape: readonly Length[]): TfNode {
    if (shape.every(isFixed)) return this.integers(shape.map(({ fixed }) => fixed))
    const parts = shape.map((length) =>
      isFixed(length) ? this.integers([length.fixed]) : this.#lengthVector(length),
    )
    return parts.length === 1 ? parts[0]! : this.concat(parts, 0)
  }

  #lengthVector({ perExample, fixed }: Length): TfNode {
    this.#exampleCount ??= this.add('Slice', [
      this.add('Shape', [this.input!], { out_type: typeAttribute('int32') }),
      this.integers([0]),
      this.integers([1]),
    ])
    let node = this.#exampleCount
    if (perExample !== 1) node = this.add('Mul', [node, this.integers([perExample])])
    return fixed === 0 ? node : this.add('AddV2', [node, this.integers([fixed])])
  }

  concat(nodes: readonly TfNode[], axis: number): TfNode {
    if (nodes.length === 1) return nodes[0]!
    return this.add('ConcatV2', [...nodes, this.integer(axis)], {
      N: intAttribute(nodes.length),
    })
  }

  /** @param sizes -1 for all from there on */
  slice(node: TfNode, starts: readonly number[], sizes: readonly number[]): TfNode {
    return this.add('Slice', [node, this.integers(starts), this.integers(sizes)])
  }

  /** Takes `size` elements along an axis of a tensor of this rank. */
  sliceAxis(node: TfNode, rank: number, axis: number, start: number, size: number): TfNode {
    const starts = Array.from({ length: rank }, (_, k) => (k === axis ? start : 0))
    const sizes = starts.map((_, k) => (k === axis ? size : -1))
    return this.slice(node, starts, sizes)
  }

  reduce(op: string, node: TfNode, axes: readonly number[], keepsAxes: boolean): TfNode {
    return this.add(op, [node, this.integers(axes)], { keep_dims: boolAttribute(keepsAxes) })
  }

  gather(node: TfNode, indices: TfNode, axis: number): TfNode {
    return this.add('GatherV2', [node, indices, this.integer(axis)], {
      batch_dims: intAttribute(0),
    })
  }

  pad(node: TfNode, pads: readonly (readonly [number, number])[], value: number): TfNode {
    const array = { data: Int32Array.from(pads.flat()), shape: [pads.length, 2] }
    return this.add('PadV2', [node, this.constant(array, 'int32'), this.number(value)])
  }

  /** @param isTransposed whether the last two axes of a and b are exchanged */
  matMul(a: TfNode, b: TfNode, isTransposed: readonly [boolean, boolean] = [false, false]): TfNode {
    return this.add('BatchMatMulV2', [a, b], {
      adj_x: boolAttribute(isTransposed[0]),
      adj_y: boolAttribute(isTransposed[1]),
    })
  }

  cast(node: TfNode, type: TfType): TfNode {
    return this.add('Cast', [node], { DstT: typeAttribute(type) })
  }

  /** Adds a constant of known elements. */
  knownConstant(known: KnownValues, type: TfType): TfNode {
    if (known.perExample !== undefined) {
      if (![...known.perExample, ...known.fixed].every(Number.isInteger)) {
        throw new Refusal('it has fractions of the number of examples')
      }
      const vector = this.shapeVector(listElements(known))
      const node = type === 'float32' ? this.cast(vector, type) : vector
      return this.reshape(node, known.shape.map(fixedLength))
    }
    if (type !== 'float32' && known.fixed.some((value) => Math.abs(value) > largestInteger)) {
      throw new Refusal('it has integers beyond the range of int32')
    }
    return this.constant({ data: known.fixed, shape: known.shape }, type)
  }

  /**
   * Returns a tensor for broadcasting with one of rank `rank` in a layout: with as many axes where they change places.
   */
  aligned(value: TensorValue, rank: number, layout: Layout): TfNode {
    if (layout === 'first' || rank < 3) return this.first(value)
    const missing = rank - value.shape.length
    if (missing === 0) return this.last(value)
    if (value.shape.every(isOne)) return this.first(value)
    const shape = [...Array.from({ length: missing }, () => fixedLength(1)), ...value.shape]
    const target = moveLast(shape)
    return isOne(shape[1]!) || shape.slice(2).every(isOne)
      ? this.reshape(this.first(value), target)
      : this.transpose(this.reshape(this.first(value), shape), moveLast(shape.map((_, k) => k)))
  }
}

const largestInteger = 2 ** 31 - 1

/** Where elementwise operators of these tensors compute: channels last, if one of them is only there. */
export const chooseLayout = (values: readonly TensorValue[], rank: number): Layout =>
  values.some((value) => value.shape.length === rank && isOnlyLast(value)) ? 'last' : 'first'

export function createValue(
  type: TfType,
  shape: readonly Length[],
  layout: Layout,
  node: TfNode,
): TensorValue {
  return {
    type,
    shape,
    ...(layout === 'first' || shape.length < 3 ? { first: node } : { last: node }),
  }
}

/** Returns the shape of what elementwise operators of tensors of these shapes compute. */
export function broadcast(shapes: readonly (readonly Length[])[]): Length[] {
  const rank = Math.max(...shapes.map(({ length }) => length))
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.flatMap((shape) => shape[axis - rank + shape.length] ?? [])
    const others = lengths.filter((length) => !isOne(length))
    const [first = fixedLength(1)] = others
    if (others.every((one) => one.fixed === first.fixed && one.perExample === first.perExample)) {
      return first
    }
    throw new Refusal(
      `its inputs have the shapes ${shapes.map(describeShape).join(' and ')} for N examples, which do not fit for ` +
        'every N: the number of examples is fixed in the model. Export it with a dynamic batch axis',
    )
  })
}

/** Returns the number of elements. */
export function requireSize(shape: readonly Length[]): Length {
  const size = countElements(shape)
  if (size !== undefined) return size
  throw new Refusal(
    `its shape ${describeShape(shape)} has the number of examples N on several axes`,
  )
}

/** Returns the length of an axis that doesn't depend on the number of examples. */
export function requireFixed(shape: readonly Length[], axis: number): number {
  const length = shape[axis]!
  if (isFixed(length)) return length.fixed
  throw new Refusal(
    `it works along axis ${axis} of ${describeShape(shape)}, which has the examples`,
  )
}
