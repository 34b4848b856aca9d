import * as tf from '@tensorflow/tfjs'

type Weights = Readonly<Record<string, tf.Tensor>>

/** What a layer of one's own computes: from its inputs and its weights, [B, …] to [B, …]. */
export interface OwnLayer {
  /** The shapes of the weights, from that of the first input without its batch. */
  readonly weights: (inputShape: readonly number[]) => Readonly<Record<string, readonly number[]>>
  readonly call: (x: tf.Tensor, weights: Weights, further: readonly tf.Tensor[]) => tf.Tensor
  readonly outputShape?: (inputShape: readonly number[]) => readonly number[]
}

/** A layer with weights and ops of its own, as a user writes it. */
export function ownLayer(own: OwnLayer): tf.layers.Layer {
  return new Own(own)
}

class Own extends tf.layers.Layer {
  static readonly className = 'Own'
  readonly #own: OwnLayer
  readonly #weights = new Map<string, tf.LayerVariable>()

  constructor(own: OwnLayer) {
    super({})
    this.#own = own
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const initializer = tf.initializers.zeros()
    for (const [name, shape] of Object.entries(this.#own.weights(withoutBatch(inputShape)))) {
      this.#weights.set(name, this.addWeight(name, [...shape], 'float32', initializer))
    }
    this.built = true
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const shape = withoutBatch(inputShape)
    return [null, ...(this.#own.outputShape?.(shape) ?? shape)]
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x, ...further] = Array.isArray(inputs) ? inputs : [inputs]
    const weights = [...this.#weights].map(([name, weight]) => [name, weight.read()] as const)
    return tf.tidy(() => this.#own.call(x!, Object.fromEntries(weights), further))
  }
}

function withoutBatch(shape: tf.Shape | tf.Shape[]): number[] {
  const first = Array.isArray(shape[0]) ? shape[0] : (shape as tf.Shape)
  return first.slice(1) as number[]
}
