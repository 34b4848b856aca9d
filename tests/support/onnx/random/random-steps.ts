import { type AttributeInput, float } from '../../../../src/onnx/model/attributes.js'
import { floats, nodeOf } from '../onnx-models.js'
import type { RandomBuilder, Step } from './random-builder.js'
import { convolve, pool, transposeConvolution } from './random-windows.js'

const all = [1, 2, 3]

/** Larger than the default, with which rounding errors of equal numbers grow. */
const epsilon = float(0.1)

const activations: Readonly<Record<string, Readonly<Record<string, AttributeInput>>>> = {
  Relu: {},
  LeakyRelu: { alpha: float(0.2) },
  Elu: { alpha: float(1.5) },
  Selu: {},
  Celu: { alpha: float(0.7) },
  Gelu: {},
  Sigmoid: {},
  Tanh: {},
  Softplus: {},
  Softsign: {},
  HardSwish: {},
  HardSigmoid: { alpha: float(0.3), beta: float(0.4) },
  Mish: {},
  Erf: {},
  Neg: {},
  Abs: {},
  Exp: {},
}

const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1)

/** A shape that is broadcast to another one. */
function narrowed(builder: RandomBuilder, shape: readonly number[]): number[] {
  const kept = shape.slice(builder.integer(0, shape.length))
  return kept.map((length) => (builder.chance(0.4) ? 1 : length))
}

/** What a random model is made of. */
export const steps: readonly Step[] = [
  {
    ranks: all,
    add: (b, x) => {
      const op = b.pick(Object.keys(activations))
      const bounded = op === 'Exp' ? b.node('Tanh', [x.name]) : x.name
      return b.add(op, [bounded], x.shape, activations[op])
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const w = b.weights(narrowed(b, x.shape), [0.5, 1.5])
      const op = b.pick(['Add', 'Mul', 'Sub', 'Div', 'Max', 'Min'])
      const isReversed = ['Add', 'Mul', 'Sub', 'Max', 'Min'].includes(op) && b.chance(0.5)
      return b.add(op, isReversed ? [w, x.name] : [x.name, w], x.shape)
    },
  },
  {
    ranks: all,
    add: (b, x) => b.add('PRelu', [x.name, b.weights(narrowed(b, x.shape), [0.1, 0.9])], x.shape),
  },
  {
    // A connection around the steps before.
    ranks: all,
    add: (b, x) => {
      const same = b.tensors.filter((other) => other.shape.join() === x.shape.join())
      return b.add(
        b.pick(['Add', 'Mul']),
        [x.name, same.length > 0 ? b.pick(same).name : x.name],
        x.shape,
      )
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const [low, high] = [-0.4, 0.6].map((bound) => {
        const name = b.weights([])
        b.constants[name] = floats([bound], [])
        return name
      }) as [string, string]
      const inputs = b.pick([[low, high], [low], ['', high]])
      return b.add('Clip', [x.name, ...inputs], x.shape)
    },
  },
  {
    ranks: all,
    add: (b, x) =>
      b.add(b.pick(['Softmax', 'LogSoftmax']), [x.name], x.shape, {
        axis: b.integer(1, x.shape.length),
      }),
  },
  {
    ranks: all,
    add: (b, x) => {
      const axis = b.integer(1, x.shape.length)
      const own = x.shape.slice(axis - 1)
      return b.add('LayerNormalization', [x.name, b.weights(own), b.weights(own)], x.shape, {
        axis,
        epsilon,
      })
    },
  },
  {
    ranks: [2, 3],
    add: (b, x) => {
      const axes = x.shape.map((_, k) => k + 1).filter(() => b.chance(0.5))
      const chosen = axes.length === x.shape.length ? axes.slice(1) : axes.length > 0 ? axes : [1]
      const keepdims = b.integer(0, 1)
      const shape = keepdims
        ? x.shape.map((length, k) => (chosen.includes(k + 1) ? 1 : length))
        : x.shape.filter((_, k) => !chosen.includes(k + 1))
      const op = b.pick([
        'ReduceMean',
        'ReduceSum',
        'ReduceMax',
        'ReduceMin',
        'ReduceL2',
        'ReduceLogSumExp',
      ])
      return b.add(op, [x.name, b.integers(...chosen)], shape, { keepdims })
    },
  },
  {
    ranks: [2, 3],
    add: (b, x) => {
      const order = x.shape.map((_, k) => k)
      for (let k = order.length - 1; k > 0; k--) {
        const other = b.integer(0, k)
        ;[order[k], order[other]] = [order[other]!, order[k]!]
      }
      return b.add(
        'Transpose',
        [x.name],
        order.map((k) => x.shape[k]!),
        {
          perm: [0, ...order.map((k) => k + 1)],
        },
      )
    },
  },
  {
    // The examples are the second axis for a while, as in recurrent layers and in PyTorch's attention.
    ranks: [2],
    add: (b, { name, shape: [steps = 1, width = 1] }) => {
      const moved = b.node('Transpose', [name], undefined, { perm: [1, 0, 2] })
      const flat = b.node('Reshape', [moved, b.integers(-1, width)])
      const product = b.node('Gemm', [flat, b.weights([3, width])], undefined, { transB: 1 })
      const back = b.node('Reshape', [product, b.integers(steps, -1, 3)])
      return b.add('Transpose', [back], [steps, 3], { perm: [1, 0, 2] })
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const axis = b.integer(0, x.shape.length - 1)
      const length = x.shape[axis]!
      const start = b.integer(0, length - 1)
      const indices = [start, b.integer(start + 1, length)]
      const step = b.chance(0.3) ? -1 : 1
      const range = step > 0 ? indices : [indices[1]! - 1, start - 1 - (start === 0 ? length : 0)]
      const inputs = [...range, axis + 1, step].map((value) => b.integers(value))
      const shape = x.shape.map((own, k) => (k === axis ? indices[1]! - start : own))
      return b.add('Slice', [x.name, ...inputs], shape)
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const axis = b.integer(0, x.shape.length - 1)
      const rows = Array.from({ length: b.integer(1, 4) }, () =>
        b.integer(-x.shape[axis]!, x.shape[axis]! - 1),
      )
      const shape = x.shape.map((own, k) => (k === axis ? rows.length : own))
      return b.add('Gather', [x.name, b.integers(...rows)], shape, { axis: axis + 1 })
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const axis = b.integer(0, x.shape.length - 1)
      const other = b.node(b.pick(['Relu', 'Tanh', 'Neg']), [x.name])
      const shape = x.shape.map((own, k) => (k === axis ? 2 * own : own))
      return b.add('Concat', [x.name, other], shape, { axis: axis + 1 })
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const axis = b.integer(0, x.shape.length - 1)
      const first = b.integer(1, Math.max(1, x.shape[axis]! - 1))
      const rest = x.shape[axis]! - first
      if (rest < 1) return b.add('Identity', [x.name], x.shape)
      const outputs = [`${x.name}/a${b.nodes.length}`, `${x.name}/b${b.nodes.length}`]
      const split = nodeOf('Split', [x.name, b.integers(first, rest)], outputs[0]!, {
        axis: axis + 1,
      })
      b.nodes.push({ ...split, outputs })
      const index = b.integer(0, 1)
      const shape = x.shape.map((own, k) => (k === axis ? [first, rest][index]! : own))
      return { name: outputs[index]!, shape }
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const mode = b.pick(['constant', 'edge', 'reflect'])
      const pads = x.shape.map((length): [number, number] =>
        b.chance(0.5)
          ? [0, 0]
          : [b.integer(0, Math.min(2, length - 1)), b.integer(0, Math.min(2, length - 1))],
      )
      const shape = x.shape.map((length, k) => length + pads[k]![0] + pads[k]![1])
      const values = [0, ...pads.map(([begin]) => begin), 0, ...pads.map(([, end]) => end)]
      return b.add('Pad', [x.name, b.integers(...values)], shape, { mode })
    },
  },
  {
    // To other axes, with the shape that exporters compute from that of the tensor.
    ranks: all,
    add: (b, x) => {
      const size = sizeOf(x.shape)
      const divisors = Array.from({ length: size }, (_, k) => k + 1).filter((k) => size % k === 0)
      const first = b.pick(divisors)
      const second = b.pick(divisors.filter((k) => (size / first) % k === 0))
      const shape = b.pick([[size], [first, size / first], [first, second, size / first / second]])
      if (b.chance(0.5))
        return b.add('Reshape', [x.name, b.integers(0, -1, ...shape.slice(1))], shape)
      const examples = b.node('Gather', [b.node('Shape', [x.name]), b.integers(0)])
      const target = b.node('Concat', [examples, b.integers(...shape)], undefined, { axis: 0 })
      return b.add('Reshape', [x.name, target], shape)
    },
  },
  {
    ranks: [1, 2],
    add: (b, x) => {
      const axis = b.integer(1, x.shape.length + 1)
      const shape = [...x.shape.slice(0, axis - 1), 1, ...x.shape.slice(axis - 1)]
      const wide = b.add('Unsqueeze', [x.name, b.integers(axis)], shape)
      if (b.chance(0.5)) return wide
      const repeats = shape.map((length) => (length === 1 ? b.integer(1, 3) : 1))
      const tiled = shape.map((length, k) => length * repeats[k]!)
      return b.chance(0.5)
        ? b.add('Tile', [wide.name, b.integers(1, ...repeats)], tiled)
        : b.add('Expand', [wide.name, b.integers(1, ...tiled)], tiled)
    },
  },
  {
    ranks: [1],
    add: (b, { name, shape: [width = 1] }) => {
      const size = b.integer(2, 5)
      const transB = b.integer(0, 1)
      const w = b.weights(transB === 1 ? [size, width] : [width, size])
      const bias = b.weights(b.pick([[size], [1, size], [1]]))
      return b.add('Gemm', [name, w, bias], [size], {
        transB,
        alpha: float(b.pick([1, 0.5])),
        beta: float(b.pick([1, 2])),
      })
    },
  },
  {
    ranks: all,
    add: (b, x) => {
      const size = b.integer(2, 5)
      const [examples, ...outer] = [0, ...x.shape.slice(0, -1)]
      const isBatched = outer.length > 0 && b.chance(0.4)
      const w = b.weights([...(isBatched ? outer.slice(0, -1) : []), x.shape.at(-1)!, size])
      return b.add('MatMul', [x.name, w], [...outer, size].slice(examples))
    },
  },
  {
    // Attention of a sequence to itself.
    ranks: [2, 3],
    add: (b, x) => {
      const rank = x.shape.length + 1
      const perm = Array.from({ length: rank }, (_, k) => k)
      ;[perm[rank - 1], perm[rank - 2]] = [rank - 2, rank - 1]
      const other = b.node('Transpose', [x.name], undefined, { perm })
      const weights = b.node('Softmax', [b.node('MatMul', [x.name, other])], undefined, {
        axis: -1,
      })
      return b.add('MatMul', [weights, x.name], x.shape)
    },
  },
  { ranks: [2, 3], add: (b, x) => convolve(b, x) },
  { ranks: [2, 3], add: (b, x) => convolve(b, x) },
  { ranks: [2, 3], add: (b, x) => transposeConvolution(b, x) },
  { ranks: [2, 3], add: (b, x) => pool(b, x) },
  {
    ranks: [2, 3],
    add: (b, x) => {
      const [channels = 1] = x.shape
      const own = [channels]
      const inputs = [b.weights(own), b.weights(own)]
      if (b.chance(0.5)) {
        return b.add('InstanceNormalization', [x.name, ...inputs], x.shape, { epsilon })
      }
      const statistics = [b.weights(own), b.weights(own, [0.5, 2])]
      return b.add('BatchNormalization', [x.name, ...inputs, ...statistics], x.shape)
    },
  },
  {
    ranks: [2, 3],
    add: (b, x) =>
      b.add(
        b.pick(['GlobalAveragePool', 'GlobalMaxPool']),
        [x.name],
        [x.shape[0]!, ...x.shape.slice(1).map(() => 1)],
      ),
  },
  {
    ranks: [3],
    add: (b, x) => {
      const scales = [b.pick([1, 2, 3]), b.pick([1, 2, 3])]
      const name = b.weights([4])
      b.constants[name] = floats([1, 1, ...scales], [4])
      const [channels = 1, height = 1, width = 1] = x.shape
      const shape = [channels, height * scales[0]!, width * scales[1]!]
      const mode = b.pick(['nearest', 'linear'])
      return b.add('Resize', [x.name, '', name], shape, {
        mode,
        coordinate_transformation_mode: b.pick(['half_pixel', 'asymmetric', 'align_corners']),
        ...(mode === 'nearest' && {
          nearest_mode: b.pick(['floor', 'round_prefer_floor', 'ceil']),
        }),
      })
    },
  },
]
