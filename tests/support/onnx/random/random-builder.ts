import type { AttributeInput } from '../../../../src/onnx/model/attributes.js'
import type { OnnxNode, OnnxTensor } from '../../../../src/onnx/model/onnx-model.js'
import type { Random } from '../../../../src/random.js'
import { floats, integers, nodeOf } from '../onnx-models.js'

/** A tensor [N, ...shape] of a random model. */
export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
}

/** Adds operators to a model, and draws what they need. */
export class RandomBuilder {
  readonly nodes: OnnxNode[] = []
  readonly constants: Record<string, OnnxTensor> = {}
  readonly tensors: Tensor[] = []
  readonly #random: Random
  #count = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** From least to most, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1))
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.integer(0, items.length - 1)]!
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  node(
    op: string,
    inputs: readonly string[],
    output = `t${++this.#count}`,
    attributes: Readonly<Record<string, AttributeInput>> = {},
  ): string {
    this.nodes.push(nodeOf(op, inputs, output, attributes))
    return output
  }

  add(
    op: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
  ): Tensor {
    return { name: this.node(op, inputs, undefined, attributes), shape }
  }

  /** Numbers between −1 and 1, or between the limits. */
  weights(shape: readonly number[], [low, high]: readonly [number, number] = [-1, 1]): string {
    const name = `w${++this.#count}`
    const size = shape.reduce((product, length) => product * length, 1)
    const values = Array.from({ length: size }, () => low + (high - low) * this.#random())
    this.constants[name] = floats(values, shape)
    return name
  }

  integers(...values: readonly number[]): string {
    const name = `i${++this.#count}`
    this.constants[name] = integers(...values)
    return name
  }
}

/** A way to add an operator, or some that belong together. */
export interface Step {
  /** The numbers of axes besides that of the examples. */
  readonly ranks: readonly number[]
  readonly add: (builder: RandomBuilder, x: Tensor) => Tensor
}
