import * as tf from '@tensorflow/tfjs'
import {
  convolved,
  type TrialInput,
  type TrialModel,
  trialModel,
  TrialParts,
} from './trial-model.js'

type Call = (x: tf.Tensor) => tf.Tensor

/** The layout of a gradient, as its segment has it. */
type Layout = 'dense' | 'factored' | 'lookup' | 'convolution'

/** A pattern of exported models, in sizes drawn from a seed. */
export interface ModelPattern {
  readonly title: string
  /** The layouts in which the gradient of the pattern's own weight may be, on every device. */
  readonly layouts: readonly Layout[]
  readonly build: (parts: TrialParts) => Pattern
}

interface Pattern {
  readonly input: TrialInput
  readonly call: Call
  /** The weight whose layout counts. */
  readonly weight: tf.Variable
}

export interface PatternTrial {
  readonly trial: TrialModel
  readonly batchSizes: readonly number[]
  readonly weightName: string
}

/** The pattern in sizes from a seed, with batches of several sizes. */
export function patternTrial({ build }: ModelPattern, seed: number): PatternTrial {
  const parts = new TrialParts(seed)
  const { input, call, weight } = build(parts)
  return {
    trial: trialModel(parts, input, call),
    batchSizes: [parts.integer(2, 6), parts.integer(1, 5), 1],
    weightName: weight.name,
  }
}

/** x · W on the last axis. */
const projected = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => {
  const [inputs, outputs] = w.shape as [number, number]
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, inputs]), w), [...x.shape.slice(0, -1), outputs])
}

/** The mean over all positions, projected to three classes. */
function head(parts: TrialParts, width: number): Call {
  const [w, b] = [parts.p(width, 3), parts.p(3)]
  return (x) => {
    const axes = x.shape.slice(1, -1).map((_, k) => k + 1)
    return tf.add(tf.matMul(tf.mean(tf.tanh(x), axes), w), b)
  }
}

/** Sizes of texts: words, positions, features. */
function textSizes(parts: TrialParts): { words: number; length: number; width: number } {
  return {
    words: parts.integer(3, 9),
    length: parts.integer(2, 5),
    width: parts.pick([2, 4, 6]),
  }
}

/** A text encoder's sum of embeddings: the words' own, and what `further` adds. */
const embedded =
  (further: (parts: TrialParts, sizes: ReturnType<typeof textSizes>) => Omit<Pattern, 'input'>) =>
  (parts: TrialParts): Pattern => {
    const sizes = textSizes(parts)
    const { words, length, width } = sizes
    const table = parts.p(words, width)
    const { call, weight } = further(parts, sizes)
    const out = head(parts, width)
    return {
      input: { shape: [length], integers: words },
      call: (x) => out(tf.add(tf.gather(table, x), call(x))),
      weight,
    }
  }

const zerosLike = (x: tf.Tensor): tf.Tensor => tf.fill(x.shape, 0, 'int32')

/** Attention over [batch, heads, length, size]. */
const attended = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor =>
  tf.matMul(tf.softmax(tf.matMul(q, k, false, true)), v)

/** TensorFlow's dilated convolution: a convolution of the pictures that every d-th pixel makes. */
function dilated(x: tf.Tensor4D, filter: tf.Tensor4D, rate: readonly [number, number]): tf.Tensor {
  const taps = filter.shape.slice(0, 2)
  const around = taps.map((count, k) => (count - 1) * rate[k]!)
  const pads = around.map((size, k) => {
    const before = Math.floor(size / 2)
    const length = x.shape[k + 1]! + size
    const missing = (rate[k]! - (length % rate[k]!)) % rate[k]!
    return [before, size - before + missing] as const
  })
  const crops = pads.map(([, after], k) => [0, after - (around[k]! - Math.floor(around[k]! / 2))])
  const blocks = tf.spaceToBatchND(
    x,
    [...rate],
    pads.map((pad) => [...pad]),
  )
  return tf.batchToSpaceND(tf.conv2d(blocks, filter, 1, 'valid'), [...rate], crops)
}

export const modelPatterns: readonly ModelPattern[] = [
  {
    title: 'token types looked up by zeros of the batch',
    layouts: ['lookup'],
    build: embedded((parts, { width }) => {
      const weight = parts.p(2, width)
      return { call: (x) => tf.gather(weight, zerosLike(x)), weight }
    }),
  },
  {
    title: 'token types as one-hot zeros times a table',
    layouts: ['lookup'],
    build: embedded((parts, { width }) => {
      const weight = parts.p(2, width)
      return { call: (x) => projected(tf.oneHot(zerosLike(x), 2).toFloat(), weight), weight }
    }),
  },
  {
    title: 'words as one-hot ids times a table',
    layouts: ['lookup'],
    build: (parts) => {
      const { words, length, width } = textSizes(parts)
      const [weight, out] = [parts.p(words, width), head(parts, width)]
      return {
        input: { shape: [length], integers: words },
        call: (x) => {
          const flat = tf.oneHot(tf.reshape(x, [-1]).toInt(), words).toFloat()
          return out(tf.reshape(tf.matMul(flat, weight), [-1, length, width]))
        },
        weight,
      }
    },
  },
  {
    title: 'words as one-hot ids times a table that lacks the last word',
    layouts: ['lookup'],
    build: (parts) => {
      const { words, length, width } = textSizes(parts)
      const [weight, out] = [parts.p(words - 1, width), head(parts, width)]
      return {
        input: { shape: [length], integers: words },
        call: (x) => out(projected(tf.oneHot(x.toInt(), words - 1).toFloat(), weight)),
        weight,
      }
    },
  },
  {
    title: 'positions looked up by a range',
    layouts: ['lookup'],
    build: embedded((parts, { width, length }) => {
      const weight = parts.p(parts.integer(6, 9), width)
      return {
        call: () => tf.expandDims(tf.gather(weight, tf.range(0, length, 1, 'int32')), 0),
        weight,
      }
    }),
  },
  {
    title: 'positions looked up for each example',
    layouts: ['lookup'],
    build: embedded((parts, { width, length }) => {
      const weight = parts.p(parts.integer(6, 9), width)
      return {
        call: (x) => {
          const positions = tf.reshape(tf.range(0, length, 1, 'int32'), [1, length])
          return tf.gather(weight, tf.tile(positions, [x.shape[0], 1]))
        },
        weight,
      }
    }),
  },
  {
    title: 'positions counted by the words that are kept',
    layouts: ['lookup'],
    build: embedded((parts, { width, length }) => {
      const weight = parts.p(length + 1, width)
      return {
        call: (x) => {
          const kept = tf.cast(tf.notEqual(x, 0), 'float32')
          const positions = tf.mul(tf.cumsum(kept, 1), kept)
          return tf.gather(weight, positions.toInt())
        },
        weight,
      }
    }),
  },
  {
    title: 'class tokens repeated by a tile and a reshape',
    layouts: ['dense'],
    build: (parts) => {
      const { length, width } = textSizes(parts)
      const [weight, mix, out] = [
        parts.p(1, 1, width),
        parts.p(length + 1, length + 1),
        head(parts, width),
      ]
      return {
        input: { shape: [length, width] },
        call: (x) => {
          const count = x.shape[0]
          const tokens = tf.reshape(tf.tile(tf.expandDims(weight, 1), [1, count, 1, 1]), [
            count,
            1,
            width,
          ])
          const all = tf.transpose(tf.concat([tokens, x], 1), [0, 2, 1])
          return out(tf.transpose(projected(all, mix), [0, 2, 1]))
        },
        weight,
      }
    },
  },
  {
    title: 'a dilated convolution of pictures as blocks',
    layouts: ['dense', 'convolution'],
    build: (parts) => {
      const [channels, filters] = [parts.integer(1, 3), parts.integer(1, 3)]
      const taps = [parts.integer(2, 3), parts.integer(2, 3)] as const
      const rate = [parts.integer(2, 3), parts.integer(1, 3)] as const
      const weight = parts.p(...taps, channels, filters)
      const [before, out] = [parts.p(channels), head(parts, filters)]
      return {
        input: { shape: [parts.integer(4, 9), parts.integer(4, 9), channels] },
        call: (x) =>
          out(dilated(tf.mul<tf.Tensor4D>(x, before), weight as unknown as tf.Tensor4D, rate)),
        weight,
      }
    },
  },
  {
    title: 'a causal dilated convolution of texts as blocks',
    layouts: ['dense', 'convolution'],
    build: (parts) => {
      const [channels, filters, rate] = [
        parts.integer(1, 3),
        parts.integer(1, 3),
        parts.integer(2, 3),
      ]
      const length = rate * parts.integer(2, 4)
      const taps = parts.integer(2, 3)
      const weight = parts.p(taps, channels, filters)
      const [before, out] = [parts.p(channels), head(parts, filters)]
      return {
        input: { shape: [length, channels] },
        call: (x) => {
          const pads = [[(taps - 1) * rate, 0]]
          const blocks = tf.spaceToBatchND(tf.mul(x, before), [rate], pads)
          const filter = tf.expandDims<tf.Tensor4D>(weight, 0)
          const convolved = tf.conv2d(tf.expandDims<tf.Tensor4D>(blocks, 1), filter, 1, 'valid')
          return out(tf.batchToSpaceND(tf.squeeze(convolved, [1]), [rate], [[0, 0]]))
        },
        weight,
      }
    },
  },
  {
    title: 'attention on time-major states',
    layouts: ['factored', 'dense'],
    build: (parts) => {
      const { length, width } = textSizes(parts)
      const [heads, size] = [parts.integer(1, 3), parts.integer(1, 3)]
      const weight = parts.p(width, heads * size)
      const [k, v, out] = [
        parts.p(width, heads * size),
        parts.p(width, heads * size),
        head(parts, heads * size),
      ]
      return {
        input: { shape: [length, width] },
        call: (x) => {
          const count = x.shape[0]
          const states = tf.transpose(x, [1, 0, 2])
          const byHead = (w: tf.Tensor): tf.Tensor =>
            tf.transpose(tf.reshape(projected(states, w), [length, count * heads, size]), [1, 0, 2])
          const context = tf.transpose(attended(byHead(weight), byHead(k), byHead(v)), [1, 0, 2])
          return out(tf.transpose(tf.reshape(context, [length, count, heads * size]), [1, 0, 2]))
        },
        weight,
      }
    },
  },
  {
    title: 'attention with the heads first',
    layouts: ['factored', 'dense'],
    build: (parts) => {
      const { length, width } = textSizes(parts)
      const [heads, size] = [parts.integer(1, 3), parts.integer(1, 3)]
      const weight = parts.p(width, heads * size)
      const [k, v, out] = [
        parts.p(width, heads * size),
        parts.p(width, heads * size),
        head(parts, heads * size),
      ]
      return {
        input: { shape: [length, width] },
        call: (x) => {
          const count = x.shape[0]
          const byHead = (w: tf.Tensor): tf.Tensor =>
            tf.transpose(tf.reshape(projected(x, w), [count, length, heads, size]), [2, 0, 1, 3])
          const context = attended(byHead(weight), byHead(k), byHead(v))
          return out(tf.reshape(tf.transpose(context, [1, 2, 0, 3]), [count, length, heads * size]))
        },
        weight,
      }
    },
  },
  {
    title: 'a convolution of each time step',
    layouts: ['dense'],
    build: (parts) => {
      const [steps, channels] = [parts.integer(4, 6), parts.integer(1, 2)]
      const size = [parts.integer(2, 3), parts.integer(2, 3)]
      const [weight, mix, out] = [parts.p(2, 2, channels, 2), parts.p(2, 2, 2, 2), head(parts, 2)]
      return {
        input: { shape: [steps, ...size, channels] },
        call: (x) => {
          let state: tf.Tensor = tf.zeros([x.shape[0], ...size, 2])
          for (const step of tf.unstack(x, 1)) {
            state = tf.tanh(tf.add(convolved(step, weight), convolved(state, mix)))
          }
          return out(state)
        },
        weight,
      }
    },
  },
  {
    title: 'a scaled adapter of low rank added to a frozen matrix',
    layouts: ['factored'],
    build: (parts) => {
      const [inputs, width] = [parts.integer(4, 7), parts.integer(4, 7)]
      const [frozen, weight, b] = [parts.f(inputs, width), parts.p(2, inputs), parts.p(2, width)]
      const [scale, out] = [parts.c(), head(parts, width)]
      return {
        input: { shape: [inputs] },
        call: (x) => {
          const adapter = tf.matMul(weight, b, true, false)
          return out(tf.matMul(x, tf.sub(frozen, tf.mul(adapter, scale()))))
        },
        weight,
      }
    },
  },
  {
    title: 'an adapter of low rank added to a trained matrix',
    layouts: ['factored'],
    build: (parts) => {
      const [inputs, width] = [parts.integer(4, 7), parts.integer(4, 7)]
      const [weight, a, b, out] = [
        parts.p(inputs, width),
        parts.p(inputs, 2),
        parts.p(2, width),
        head(parts, width),
      ]
      return {
        input: { shape: [inputs] },
        call: (x) => out(tf.matMul(x, tf.add(weight, tf.matMul(a, b)))),
        weight,
      }
    },
  },
]
