import * as tf from '@tensorflow/tfjs'
import {
  convolved,
  type TrialInput,
  type TrialModel,
  trialModel,
  TrialParts,
} from './trial-model.js'

type Call = (x: tf.Tensor) => tf.Tensor

const { matMul, add, mul, transpose, reshape, softmax, tile } = tf

/** Every length is 4, so that no size tells a batch of 4 examples from a constant. */
const n = 4
const vector: TrialInput = { shape: [n] }
const sequence: TrialInput = { shape: [n, n] }
const picture: TrialInput = { shape: [n, n, 1] }
const words: TrialInput = { shape: [n], integers: n }

/** [B, T, d] · [d, p], as layers of TensorFlow.js multiply. */
const project = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
  reshape(matMul(reshape(x, [-1, n]), w), [-1, n, w.shape[1]!])

const head = (parts: TrialParts): Call => {
  const [w, b] = [parts.p(n, n), parts.p(n)]
  return (x) => add(matMul(reshape(x, [-1, n]), w), b)
}

/** Of sequences: the mean over the positions, projected. */
const pooledHead = (parts: TrialParts): Call => {
  const out = head(parts)
  return (x) => out(tf.mean(x, 1))
}

const cosines = Array.from({ length: n * n }, (_, k) =>
  Math.cos((Math.PI / n) * (Math.floor(k / n) + 0.5) * (k % n)),
)
const cosineBasis = (): tf.Tensor => tf.tensor(cosines, [n, n])

interface ConstantModel {
  readonly title: string
  readonly input: TrialInput
  readonly build: (parts: TrialParts) => Call
}

const onVectors = (title: string, build: ConstantModel['build']): ConstantModel => ({
  title,
  input: vector,
  build,
})

const onSequences = (title: string, build: ConstantModel['build']): ConstantModel => ({
  title,
  input: sequence,
  build: (parts) => {
    const [body, out] = [build(parts), pooledHead(parts)]
    return (x) => out(body(x))
  },
})

const onPictures = (title: string, build: ConstantModel['build']): ConstantModel => ({
  title,
  input: picture,
  build: (parts) => {
    const [body, out] = [build(parts), head(parts)]
    return (x) => out(tf.mean(body(x), [1, 2]))
  },
})

/** A weight matrix that is computed from trained and constant tensors. */
const weightOf = (title: string, derive: (parts: TrialParts) => () => tf.Tensor): ConstantModel =>
  onVectors(title, (parts) => {
    const [weight, out] = [derive(parts), head(parts)]
    return (x) => out(tf.tanh(matMul(x, weight())))
  })

export const constantModels: readonly ConstantModel[] = [
  onVectors('two towers with a constant table of labels', (parts) => {
    const [v, w, c] = [parts.p(n, n), parts.p(n, n), parts.c(n, n)]
    return (x) => matMul(matMul(x, v), matMul(c(), w), false, true)
  }),
  onVectors('two towers with a frozen table of labels and a bias', (parts) => {
    const [v, w, b, c] = [parts.p(n, n), parts.p(n, n), parts.p(n), parts.f(n, n)]
    return (x) => matMul(matMul(x, v), add(matMul(c, w), b), false, true)
  }),
  onVectors('two towers with a nonlinear one of constants', (parts) => {
    const [v, w, b, c] = [parts.p(n, n), parts.p(n, n), parts.p(n), parts.c(n, n)]
    return (x) => matMul(matMul(x, v), tf.tanh(add(matMul(c(), w), b)), false, true)
  }),
  weightOf('a constant matrix times a weight', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return () => matMul(c(), w)
  }),
  weightOf('a weight times a constant matrix', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return () => matMul(w, c())
  }),
  weightOf('a weight between constant matrices', (parts) => {
    const w = parts.p(n, n)
    return () => matMul(matMul(cosineBasis(), w), cosineBasis(), false, true)
  }),
  weightOf('a masked weight', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return () => mul(tf.cast(tf.greater(c(), 0), 'float32'), w)
  }),
  weightOf('a frozen weight plus a trained one', (parts) => {
    const [f, w] = [parts.f(n, n), parts.p(n, n)]
    return () => add(f, w)
  }),
  weightOf('a frozen weight plus a product of low rank', (parts) => {
    const [f, a, b] = [parts.f(n, n), parts.p(n, 2), parts.p(2, n)]
    return () => add(f, matMul(a, b))
  }),
  weightOf('a scaled constant matrix', (parts) => {
    const [c, s] = [parts.c(n, n), parts.p()]
    return () => mul(c(), s)
  }),
  weightOf('constant rows scaled by a column', (parts) => {
    const [c, s] = [parts.c(n, n), parts.p(n, 1)]
    return () => mul(c(), s)
  }),
  weightOf('a constant column times a row', (parts) => {
    const [c, s] = [parts.c(n, 1), parts.p(1, n)]
    return () => mul(c(), s)
  }),
  weightOf('a weight divided by constants', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return () => tf.div(w, add(tf.abs(c()), 0.5))
  }),
  weightOf('the larger of a weight and a constant', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return () => tf.maximum(w, c())
  }),
  weightOf('a constant minus a weight', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return () => tf.sub(c(), w)
  }),
  weightOf('a tiled row', (parts) => {
    const w = parts.p(1, n)
    return () => tile(w, [n, 1])
  }),
  weightOf('a tiled row plus a constant', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(1, n)]
    return () => add(tile(w, [n, 1]), c())
  }),
  weightOf('coefficients of a basis of cosines', (parts) => {
    const w = parts.p(n, n)
    return () => matMul(cosineBasis(), w)
  }),
  weightOf('a softmax over masked edges', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return () => softmax(add(w, c()))
  }),
  weightOf('a polynomial of a constant graph', (parts) => {
    const [c, a, b] = [parts.c(n, n), parts.p(), parts.p()]
    return () => add(mul(c(), a), mul(matMul(c(), c()), b))
  }),
  weightOf('node embeddings over a constant graph', (parts) => {
    const [c, e, w] = [parts.c(n, n), parts.p(n, n), parts.p(n, n)]
    return () => matMul(tf.tanh(matMul(c(), e)), w)
  }),
  weightOf('rows looked up by constant numbers', (parts) => {
    const w = parts.p(n + 2, n)
    return () => tf.gather(w, tf.tensor1d([3, 0, 3, 5], 'int32'))
  }),
  weightOf('a constant table projected, and its rows looked up', (parts) => {
    const [c, w] = [parts.c(n + 2, n), parts.p(n, n)]
    return () => tf.gather(matMul(c(), w), tf.tensor1d([3, 0, 3, 5], 'int32'))
  }),
  onVectors('prototypes from constants', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return (x) => {
      const prototypes = matMul(c(), w)
      const squares = tf.sum(tf.square(prototypes), 1)
      return tf.sub(matMul(x, prototypes, false, true), squares)
    }
  }),
  onVectors('radial functions around constants', (parts) => {
    const [c, w, out] = [parts.c(1, n, n), parts.p(1, n, 1), head(parts)]
    return (x) => {
      const distances = tf.sum(tf.square(tf.sub(reshape(x, [-1, 1, n]), c())), 2, true)
      return out(reshape(tf.exp(mul(tf.neg(distances), tf.square(w))), [-1, n]))
    }
  }),
  onVectors('constant features before a dense layer', (parts) => {
    const [c, out] = [parts.c(n, n), head(parts)]
    return (x) => out(tf.sigmoid(matMul(x, c())))
  }),
  onVectors('a frozen dense layer before a trained one', (parts) => {
    const [f, b, out] = [parts.f(n, n), parts.f(n), head(parts)]
    return (x) => out(tf.tanh(add(matMul(x, f), b)))
  }),
  onVectors('standardised inputs, scaled and shifted', (parts) => {
    const [mean, scale, gamma, beta, out] = [
      parts.c(n),
      parts.c(n),
      parts.p(n),
      parts.p(n),
      head(parts),
    ]
    return (x) => out(add(mul(tf.div(tf.sub(x, mean()), add(tf.abs(scale()), 0.5)), gamma), beta))
  }),
  onVectors('attention to a constant memory', (parts) => {
    const [q, k, v, c, out] = [
      parts.p(n, n),
      parts.p(n, n),
      parts.p(n, n),
      parts.c(n, n),
      head(parts),
    ]
    return (x) => {
      const weights = softmax(matMul(matMul(x, q), matMul(c(), k), false, true))
      return out(matMul(weights, matMul(c(), v)))
    }
  }),
  onVectors('a state of zeros that meets a weight', (parts) => {
    const [u, w, out] = [parts.p(n, n), parts.p(n, n), head(parts)]
    return (x) => {
      let state: tf.Tensor = tf.zeros([x.shape[0], n])
      for (let step = 0; step < 2; step++) state = tf.tanh(add(matMul(state, u), matMul(x, w)))
      return out(state)
    }
  }),
  onVectors('a trained state tiled to the batch', (parts) => {
    const [s, u, w, out] = [parts.p(1, n), parts.p(n, n), parts.p(n, n), head(parts)]
    return (x) => out(tf.tanh(add(matMul(tile(s, [x.shape[0], 1]), u), matMul(x, w))))
  }),
  onVectors('a constant state broadcast to the batch', (parts) => {
    const [c, u, w, out] = [parts.c(1, n), parts.p(n, n), parts.p(n, n), head(parts)]
    return (x) => out(tf.tanh(add(matMul(c(), u), matMul(x, w))))
  }),
  onVectors('constants of the batch times a weight', (parts) => {
    const [w, out] = [parts.p(n), head(parts)]
    return (x) => out(add(x, mul(tf.ones([x.shape[0], n]), w)))
  }),
  onSequences('scaled position codes', (parts) => {
    const [c, alpha] = [parts.c(n, n), parts.p()]
    return (x) => tf.tanh(add(x, mul(c(), alpha)))
  }),
  onSequences('position codes scaled by feature', (parts) => {
    const [c, alpha] = [parts.c(n, n), parts.p(n)]
    return (x) => tf.tanh(add(x, mul(c(), alpha)))
  }),
  onSequences('projected position codes', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return (x) => tf.tanh(add(x, matMul(c(), w)))
  }),
  onSequences('frozen and trained position codes', (parts) => {
    const [f, p] = [parts.f(n, n), parts.p(n, n)]
    return (x) => tf.tanh(add(x, add(f, p)))
  }),
  onSequences('trained position codes looked up by constants', (parts) => {
    const p = parts.p(n, n)
    return (x) => tf.tanh(add(x, tf.gather(p, tf.range(0, n, 1, 'int32'))))
  }),
  onSequences('a graph over the positions', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    // Σ_s A[t, s] x[s], for each example.
    return (x) => {
      const columns = reshape(transpose(x, [0, 2, 1]), [-1, n])
      const mixed = transpose(reshape(matMul(columns, c()), [-1, n, n]), [0, 2, 1])
      return tf.relu(project(mixed, w))
    }
  }),
  onSequences('a graph over the positions with trained edges', (parts) => {
    const [c, e] = [parts.c(n, n), parts.p(n, n)]
    return (x) => {
      const columns = reshape(transpose(x, [0, 2, 1]), [-1, n])
      return transpose(reshape(matMul(columns, mul(c(), e)), [-1, n, n]), [0, 2, 1])
    }
  }),
  onPictures('filters of constants', (parts) => {
    const [c, w] = [parts.c(2, 2, 1, n), parts.p(n)]
    return (x) => convolved(x, mul(c(), w))
  }),
  onPictures('filters from a basis of constants', (parts) => {
    const [c, w] = [parts.c(n, n), parts.p(n, n)]
    return (x) => convolved(x, reshape(matMul(c(), w), [2, 2, 1, n]))
  }),
  onPictures('a filter on constant pictures', (parts) => {
    const [c, w, v] = [parts.c(n, n, n, 1), parts.p(2, 2, 1, n), parts.p(1, 1, 1, n)]
    return (x) => {
      // [n, n]: one row per constant picture.
      const features = tf.mean(convolved(c(), w), [1, 2])
      return convolved(convolved(x, v), reshape(features, [1, 1, n, n]))
    }
  }),
  onPictures('a depthwise filter of constants', (parts) => {
    const [c, w, v] = [parts.c(2, 2, n, 1), parts.p(n, 1), parts.p(1, 1, 1, n)]
    return (x) => {
      const filter = mul<tf.Tensor4D>(c(), w)
      return tf.depthwiseConv2d(convolved(x, v) as tf.Tensor4D, filter, 1, 'same')
    }
  }),
  {
    title: 'a frozen table of words before a trained projection',
    input: words,
    build: (parts) => {
      const [f, w, out] = [parts.f(n, n), parts.p(n, n), pooledHead(parts)]
      return (x) => out(project(tf.gather(f, x), w))
    },
  },
  {
    title: 'a table of words computed from constants',
    input: words,
    build: (parts) => {
      const [c, w, out] = [parts.c(n, n), parts.p(n, n), pooledHead(parts)]
      return (x) => out(tf.gather(matMul(c(), w), x))
    },
  },
  {
    title: 'a token type looked up by zeros of the batch',
    input: words,
    build: (parts) => {
      const [w, types, out] = [parts.p(n, n), parts.p(2, n), pooledHead(parts)]
      return (x) => out(tf.tanh(add(tf.gather(w, x), tf.gather(types, tf.zeros(x.shape, 'int32')))))
    },
  },
]

export const constantModel = ({ input, build }: ConstantModel, seed = 1): TrialModel => {
  const parts = new TrialParts(seed)
  return trialModel(parts, input, build(parts))
}
