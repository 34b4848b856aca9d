import * as tf from '@tensorflow/tfjs'
import type { GraphModel } from '@tensorflow/tfjs'

type Attributes = Readonly<Record<string, unknown>>

/** Builds a graph as TensorFlow.js's converter writes it. Each method returns the node's name. */
export class GraphBuilder {
  readonly #nodes: object[] = []
  readonly #specs: tf.io.WeightsManifestEntry[] = []
  readonly #values: (Float32Array | Int32Array)[] = []
  #seed = 1

  /** Adds an input of whole numbers, [batch, length]. */
  tokens(name: string, length: number): string {
    const dim = [{ size: '-1' }, { size: String(length) }]
    const attr = { dtype: { type: 'DT_INT32' }, shape: { shape: { dim } } }
    this.#nodes.push({ name, op: 'Placeholder', attr })
    return name
  }

  op(op: string, name: string, input: readonly string[], attr: Attributes = {}): string {
    this.#nodes.push({ name, op, input, attr })
    return name
  }

  integers(name: string, values: readonly number[], shape: readonly number[] = []): string {
    return this.#constant(name, Int32Array.from(values), shape)
  }

  float(name: string, value: number): string {
    return this.#constant(name, Float32Array.of(value), [])
  }

  /** Adds a weight of random numbers between `center` − `range` and `center` + `range`. */
  weight(name: string, shape: readonly number[], range: number, center = 0): string {
    const values = new Float32Array(tf.util.sizeFromShape([...shape]))
    let state = (this.#seed = (this.#seed * 69_069 + 1) | 0)
    for (let k = 0; k < values.length; k++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      values[k] = center + (state / 2 ** 31) * range
    }
    return this.#constant(name, values, shape)
  }

  /** Loads the graph. Each weight leaves the builder as it is copied. */
  async load(): Promise<GraphModel> {
    const byteLength = this.#values.reduce((sum, values) => sum + values.byteLength, 0)
    const weightData = new Uint8Array(byteLength)
    let at = 0
    for (const values of this.#values.splice(0)) {
      weightData.set(new Uint8Array(values.buffer), at)
      at += values.byteLength
    }
    const artifacts: tf.io.ModelArtifacts = {
      modelTopology: { node: this.#nodes, versions: { producer: 1, minConsumer: 1 } },
      weightSpecs: this.#specs,
      weightData: weightData.buffer,
    }
    return tf.loadGraphModel(tf.io.fromMemory(artifacts))
  }

  #constant(name: string, values: Float32Array | Int32Array, shape: readonly number[]): string {
    const dtype = values instanceof Float32Array ? 'float32' : 'int32'
    this.#nodes.push({ name, op: 'Const', attr: {} })
    this.#specs.push({ name, shape: [...shape], dtype })
    this.#values.push(values)
    return name
  }
}

/** The attributes of a MatMul. */
export const notTransposed: Attributes = { transpose_a: { b: false }, transpose_b: { b: false } }
