import * as tf from '@tensorflow/tfjs'
import { convolved, type TrialParts } from './trial-model.js'

/** A part of a model: activations of one shape (without the batch) become those of another. */
interface BuiltBlock {
  readonly shape: readonly number[]
  readonly call: (x: tf.Tensor) => tf.Tensor
}

type Block = (parts: TrialParts, shape: readonly number[]) => BuiltBlock

/** The blocks for activations of this shape, by name. */
export function blocksFor({ length }: readonly number[]): Readonly<Record<string, Block>> {
  if (length === 1) return vectorBlocks
  return length === 2 ? sequenceBlocks : pictureBlocks
}

const activations: readonly ((x: tf.Tensor) => tf.Tensor)[] = [
  tf.tanh,
  tf.sigmoid,
  tf.softplus,
  tf.elu,
  tf.relu,
]

/** A matrix [rows, columns]: trained, or computed from trained, frozen and constant tensors. */
function randomMatrix(parts: TrialParts, rows: number, columns: number): () => tf.Tensor {
  const p = (): tf.Variable => parts.p(rows, columns)
  return parts.pick<() => () => tf.Tensor>([
    () => always(p()),
    () => always(p()),
    () => {
      const [f, a, b] = [parts.f(rows, columns), parts.p(rows, 2), parts.p(2, columns)]
      return () => tf.add(f, tf.matMul(a, b))
    },
    () => {
      const [c, w] = [parts.c(rows, 3), parts.p(3, columns)]
      return () => tf.matMul(c(), w)
    },
    () => {
      const [c, w] = [parts.c(columns, columns), p()]
      return () => tf.matMul(w, c())
    },
    () => {
      const [c, w] = [parts.c(rows, columns), p()]
      return () => tf.mul(c(), w)
    },
    () => {
      const [c, s] = [parts.c(rows, columns), parts.p(columns)]
      return () => tf.mul(c(), s)
    },
    () => {
      const [c, w] = [parts.c(rows, columns), parts.p(1, columns)]
      return () => tf.add(tf.tile(w, [rows, 1]), c())
    },
    () => {
      const w = parts.p(columns, rows)
      return () => tf.transpose(w)
    },
  ])()
}

const always =
  <Value>(value: Value): (() => Value) =>
  () =>
    value

/** x · W on the last axis, however many come before. */
function projected(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  const [inputs, outputs] = w.shape as [number, number]
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, inputs]), w), [...x.shape.slice(0, -1), outputs])
}

const dense: Block = (parts, shape) => {
  const units = parts.pick([2, 3, 4])
  const [w, b] = [randomMatrix(parts, shape.at(-1)!, units), parts.p(units)]
  const activation = parts.pick(activations)
  return {
    shape: [...shape.slice(0, -1), units],
    call: (x) => activation(tf.add(projected(x, w()), b)),
  }
}

/** A layer before and after which the same weights are used. */
const tied: Block = (parts, shape) => {
  const width = shape.at(-1)!
  const w = randomMatrix(parts, width, width)
  return { shape, call: (x) => projected(tf.tanh(projected(x, w())), tf.transpose(w())) }
}

const layerNorm: Block = (parts, shape) => {
  const [gamma, beta] = [parts.p(shape.at(-1)!), parts.p(shape.at(-1)!)]
  return {
    shape,
    call: (x) => {
      const centred = tf.sub(x, tf.mean(x, -1, true))
      const variance = tf.mean(tf.square(centred), -1, true)
      return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, 0.1))), gamma), beta)
    },
  }
}

const batchNorm: Block = (parts, shape) => {
  const channels = shape.at(-1)!
  const [mean, variance, gamma, beta] = [
    parts.f(channels),
    parts.f(channels),
    parts.p(channels),
    parts.p(channels),
  ]
  return {
    shape,
    call: (x) => tf.batchNorm(x, mean, tf.add(tf.square(variance), 0.5), beta, gamma, 0.01),
  }
}

const prelu: Block = (parts, shape) => {
  const alpha = parts.p(...shape)
  return { shape, call: (x) => tf.prelu(x, alpha) }
}

/** Scores of the examples against a table of labels: trained, frozen or constant, then projected. */
const labels: Block = (parts, shape) => {
  const count = parts.pick([2, 3, 4])
  const [table, w] = [parts.c(count, 3), randomMatrix(parts, 3, shape.at(-1)!)]
  return {
    shape: [...shape.slice(0, -1), count],
    call: (x) => projected(x, tf.transpose(tf.tanh(tf.matMul(table(), w())))),
  }
}

const memory: Block = (parts, shape) => {
  const width = shape.at(-1)!
  const table = parts.pick<() => () => tf.Tensor>([
    () => parts.c(4, width),
    () => always(parts.f(4, width)),
  ])()
  const [q, k, v] = [1, 2, 3].map(() => randomMatrix(parts, width, width))
  return {
    shape,
    call: (x) => {
      const keys = tf.transpose(tf.matMul(table(), k!()))
      const weights = tf.softmax(projected(projected(x, q!()), keys))
      return projected(weights, tf.matMul(table(), v!()))
    },
  }
}

const residual: Block = (parts, shape) => {
  const w = randomMatrix(parts, shape.at(-1)!, shape.at(-1)!)
  return { shape, call: (x) => tf.add(x, tf.tanh(projected(x, w()))) }
}

/** W · xᵀ: the batch is the last axis. */
const featureMajor: Block = (parts, shape) => {
  const [w, b] = [parts.p(3, shape[0]!), parts.p(3, 1)]
  return {
    shape: [3],
    call: (x) => tf.transpose(tf.tanh(tf.add(tf.matMul(w, x, false, true), b))),
  }
}

const constantsOfTheBatch: Block = (parts, shape) => {
  const w = parts.p(...shape)
  return { shape, call: (x) => tf.add(x, tf.mul(tf.fill(x.shape, 0.5), w)) }
}

const intoSequence: Block = (parts, shape) => {
  const w = parts.p(shape[0]!, 6)
  return { shape: [3, 2], call: (x) => tf.reshape(tf.matMul(x, w), [-1, 3, 2]) }
}

const vectorBlocks: Readonly<Record<string, Block>> = {
  dense,
  tied,
  layerNorm,
  batchNorm,
  prelu,
  labels,
  memory,
  residual,
  featureMajor,
  constantsOfTheBatch,
  intoSequence,
}

const positionCodes: Block = (parts, shape) => {
  const [length, width] = shape as [number, number]
  const [c, alpha, w] = [parts.c(length, width), parts.p(), randomMatrix(parts, width, width)]
  const p = parts.p(length, width)
  const codes = parts.pick<() => tf.Tensor>([
    () => tf.mul(c(), alpha),
    () => tf.matMul(c(), w()),
    () => tf.add(c(), p),
    () => tf.gather(p, tf.range(0, length, 1, 'int32')),
  ])
  return { shape, call: (x) => tf.add(x, codes()) }
}

/** Attention of two heads; with the batch first, or the positions first, as torch has it. */
const attention: Block = (parts, shape) => {
  const [length, width] = shape as [number, number]
  const [q, k, v] = [1, 2, 3].map(() => randomMatrix(parts, width, 4))
  const out = parts.p(4, width)
  const isTimeMajor = parts.random() < 0.5
  const heads = (x: tf.Tensor, batch: number): tf.Tensor =>
    isTimeMajor
      ? tf.transpose(tf.reshape(x, [length, batch * 2, 2]), [1, 0, 2])
      : tf.reshape(tf.transpose(tf.reshape(x, [batch, length, 2, 2]), [0, 2, 1, 3]), [
          -1,
          length,
          2,
        ])
  const merged = (x: tf.Tensor, batch: number): tf.Tensor =>
    isTimeMajor
      ? tf.reshape(tf.transpose(x, [1, 0, 2]), [length, batch, 4])
      : tf.reshape(tf.transpose(tf.reshape(x, [batch, 2, length, 2]), [0, 2, 1, 3]), [
          batch,
          length,
          4,
        ])
  return {
    shape,
    call: (x) => {
      const batch = x.shape[0]
      const own = isTimeMajor ? tf.transpose(x, [1, 0, 2]) : x
      const [queries, keys, values] = [q, k, v].map((w) => heads(projected(own, w!()), batch))
      const weights = tf.softmax(tf.matMul(queries!, keys!, false, true))
      const y = projected(merged(tf.matMul(weights, values!), batch), out)
      return tf.add(x, isTimeMajor ? tf.transpose(y, [1, 0, 2]) : y)
    },
  }
}

const timeMajorDense: Block = (parts, shape) => {
  const [length, width] = shape as [number, number]
  const [w, b, codes] = [
    randomMatrix(parts, width, width),
    parts.p(width),
    parts.p(length, 1, width),
  ]
  return {
    shape,
    call: (x) => {
      const own = tf.add(tf.transpose(x, [1, 0, 2]), codes)
      return tf.transpose(tf.tanh(tf.add(projected(own, w()), b)), [1, 0, 2])
    },
  }
}

/** One weight for two halves of the features, stacked along the batch, as siamese nets do. */
const siamese: Block = (parts, shape) => {
  const [length, width] = shape as [number, number]
  const [w, b] = [parts.p(width, 2), parts.p(2)]
  return {
    shape: [length, 4],
    call: (x) => {
      const both = tf.concat([x, tf.neg(tf.square(x))], 0)
      const [one, other] = tf.split(tf.tanh(tf.add(projected(both, w), b)), 2)
      return tf.concat([one!, other!], 2)
    },
  }
}

const recurrent: Block = (parts, shape) => {
  const [length, width] = shape as [number, number]
  const units = parts.pick([2, 3])
  const [w, u, b] = [
    randomMatrix(parts, width, units),
    randomMatrix(parts, units, units),
    parts.p(units),
  ]
  const [c, p] = [parts.c(1, units), parts.p(1, units)]
  const start = parts.pick<(batch: number) => tf.Tensor>([
    (batch) => tf.zeros([batch, units]),
    (batch) => tf.zeros([batch, units]),
    (batch) => tf.tile(p, [batch, 1]),
    (batch) => tf.broadcastTo(p, [batch, units]),
    () => c(),
    () => p,
  ])
  return {
    shape: [units],
    call: (x) => {
      let state = start(x.shape[0])
      for (const step of tf.unstack(x, 1).slice(0, length)) {
        state = tf.tanh(tf.add(tf.add(tf.matMul(step, w()), tf.matMul(state, u())), b))
      }
      return state
    },
  }
}

const classToken: Block = (parts, shape) => {
  const [length, width] = shape as [number, number]
  const token = parts.p(1, 1, width)
  return {
    shape: [length + 1, width],
    call: (x) => tf.concat([tf.tile(token, [x.shape[0], 1, 1]), x], 1),
  }
}

/** A sum over the positions with constant, masked or trained weights. */
const graph: Block = (parts, shape) => {
  const [length] = shape as [number, number]
  const edges = randomMatrix(parts, length, length)
  return {
    shape,
    call: (x) => tf.transpose(projected(tf.transpose(x, [0, 2, 1]), edges()), [0, 2, 1]),
  }
}

const convolution1d: Block = (parts, shape) => {
  const [length, width] = shape as [number, number]
  const filter = randomMatrix(parts, 2 * width, 3)
  return {
    shape: [length, 3],
    call: (x) => {
      const w = tf.reshape(filter(), [2, 1, width, 3])
      return tf.tanh(tf.squeeze(convolved(tf.expandDims(x, 2), w), [2]))
    },
  }
}

const meanOverPositions: Block = (_, [, width]) => ({
  shape: [width!],
  call: (x) => tf.mean(x, 1),
})

const sequenceBlocks: Readonly<Record<string, Block>> = {
  dense,
  tied,
  layerNorm,
  labels,
  memory,
  residual,
  positionCodes,
  attention,
  timeMajorDense,
  siamese,
  recurrent,
  classToken,
  graph,
  convolution1d,
  prelu,
  constantsOfTheBatch,
  meanOverPositions,
}

const convolution: Block = (parts, shape) => {
  const [height, width, channels] = shape as [number, number, number]
  const filters = parts.pick([2, 3])
  const [filter, b] = [randomMatrix(parts, 4 * channels, filters), parts.p(filters)]
  return {
    shape: [height, width, filters],
    call: (x) => tf.tanh(tf.add(convolved(x, tf.reshape(filter(), [2, 2, channels, filters])), b)),
  }
}

const strided: Block = (parts, shape) => {
  const [height, width, channels] = shape as [number, number, number]
  const filter = parts.p(2, 2, channels, 2) as tf.Variable<tf.Rank.R4>
  return {
    shape: [Math.ceil(height / 2), Math.ceil(width / 2), 2],
    call: (x) => tf.conv2d(x as tf.Tensor4D, filter, 2, 'same'),
  }
}

const depthwise: Block = (parts, shape) => {
  const channels = shape[2]!
  const [c, w] = [parts.c(2, 2, channels, 1), parts.p(channels, 1)]
  return {
    shape,
    call: (x) => tf.depthwiseConv2d(x as tf.Tensor4D, tf.mul<tf.Tensor4D>(c(), w), 1, 'same'),
  }
}

const positions: Block = (_, [height, width, channels]) => ({
  shape: [height! * width!, channels!],
  call: (x) => tf.reshape(x, [-1, height! * width!, channels!]),
})

const pictureBlocks: Readonly<Record<string, Block>> = {
  convolution,
  strided,
  depthwise,
  batchNorm,
  layerNorm,
  dense,
  prelu,
  positions,
}
