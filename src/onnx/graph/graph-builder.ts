import { type AttributeInputs, toAttributes } from '../model/attributes.js'
import type { ElementType, OnnxGraph, OnnxNode, OnnxTensor } from '../model/onnx-model.js'
import { createTensor } from '../model/tensor-data.js'
import type { TensorInfo } from './tensor-info.js'

/** The types of constants that gradients are computed with. */
export type ConstantType = 'float32' | 'int64' | 'int32' | 'bool'

/** What a graph shares with the bodies of its operators. */
interface GraphScope {
  readonly constants: Map<string, OnnxTensor>
  count: number
}

/**
 * Appends operators to a model's graph. Tensors are known by their names. An operator gets the form that it has in the
 * model's version of the operator set, which is 18 or later: the axes of reductions, for example, are an input.
 */
export class GraphBuilder {
  /** The version of ONNX's own operators. */
  readonly opset: number
  /** What is known about the graph's own tensors. */
  readonly infos: ReadonlyMap<string, TensorInfo>
  readonly #scope: GraphScope
  readonly #nodes: OnnxNode[]
  readonly #known = new Map<string, string>()

  /** @param around the graph around the body of an operator, whose names and constants it shares */
  constructor(
    { nodes, constants }: Pick<OnnxGraph, 'nodes' | 'constants'>,
    opset: number,
    infos: ReadonlyMap<string, TensorInfo>,
    around?: GraphBuilder,
  ) {
    this.opset = opset
    this.infos = infos
    this.#scope = around === undefined ? { constants: new Map(constants), count: 0 } : around.#scope
    this.#nodes = [...nodes]
  }

  get nodes(): readonly OnnxNode[] {
    return this.#nodes
  }

  get constants(): ReadonlyMap<string, OnnxTensor> {
    return this.#scope.constants
  }

  /**
   * Appends an operator with one output.
   *
   * @param inputs '' for an optional input that is left out
   * @param attributes plain numbers are integers; see `float`
   * @returns the output's name
   */
  add(op: string, inputs: readonly string[], attributes: AttributeInputs = {}): string {
    return this.addSeveral(op, inputs, attributes, 1)[0]!
  }

  /** Appends an operator with several outputs. */
  addSeveral(
    op: string,
    inputs: readonly string[],
    attributes: AttributeInputs,
    outputCount: number,
  ): string[] {
    const name = `gradlens/${op}_${++this.#scope.count}`
    const outputs = Array.from({ length: outputCount }, (_, k) =>
      outputCount === 1 ? name : `${name}:${k}`,
    )
    this.#nodes.push({
      name,
      op,
      domain: '',
      inputs,
      outputs,
      attributes: toAttributes(attributes),
    })
    return outputs
  }

  /** Returns a constant tensor: a scalar for a number, a vector for a list without a shape. */
  constant(
    values: number | readonly number[],
    type: ConstantType = 'float32',
    shape: readonly number[] = typeof values === 'number' ? [] : [values.length],
  ): string {
    const numbers = typeof values === 'number' ? [values] : values
    const key = `${type} [${shape.join()}] ${numbers.map((value) => (Object.is(value, -0) ? '-0' : value)).join()}`
    return this.#once(key, () => {
      const name = `gradlens/constant_${++this.#scope.count}`
      this.#scope.constants.set(name, createTensor(type, numbers, shape))
      return name
    })
  }

  /** Returns a vector of int64, as axes, shapes and indices are. */
  integers(...values: readonly number[]): string {
    return this.constant(values, 'int64')
  }

  /** Returns what is known about a tensor of the model. Those that rules append aren't known. */
  infoOf(tensor: string): TensorInfo {
    const info = this.infos.get(tensor) ?? this.#constantInfo(tensor)
    if (info !== undefined) return info
    throw new Error(`nothing is known about tensor '${tensor}'`)
  }

  typeOf(tensor: string): ElementType {
    return this.infoOf(tensor).type
  }

  rankOf(tensor: string): number {
    return this.infoOf(tensor).shape.length
  }

  /** Returns the length of an axis, which may be negative; null if it depends on the number of examples. */
  lengthOf(tensor: string, axis: number): number | null {
    return this.infoOf(tensor).shape.at(axis) ?? null
  }

  /** Returns the constant that a tensor of the model is; undefined if it is computed or an input. */
  constantOf(tensor: string): OnnxTensor | undefined {
    return this.#scope.constants.get(tensor)
  }

  /** Returns the shape of any tensor as a vector of int64, computed when the graph runs unless it is fixed. */
  shapeOf(tensor: string): string {
    const info = this.infos.get(tensor) ?? this.#constantInfo(tensor)
    if (info?.shape.every((length) => length !== null) === true) return this.integers(...info.shape)
    return this.#once(`shape of ${tensor}`, () => this.add('Shape', [tensor]))
  }

  /** Returns the length of one axis as a vector of one int64. */
  lengthTensor(tensor: string, axis: number): string {
    const known = this.infos.get(tensor)?.shape.at(axis) ?? null
    if (known !== null) return this.integers(known)
    return this.#once(`length ${axis} of ${tensor}`, () =>
      this.add('Gather', [this.shapeOf(tensor), this.integers(axis)]),
    )
  }

  /** Returns zeros, or another number, in the shape of a tensor. */
  filledLike(tensor: string, value = 0): string {
    return this.add('Expand', [this.constant(value), this.shapeOf(tensor)])
  }

  /** Returns the sum of tensors of one shape. */
  sum(tensors: readonly string[]): string {
    return tensors.length === 1 ? tensors[0]! : this.add('Sum', tensors)
  }

  #constantInfo(tensor: string): TensorInfo | undefined {
    return this.#scope.constants.get(tensor)
  }

  #once(key: string, create: () => string): string {
    const known = this.#known.get(key) ?? create()
    this.#known.set(key, known)
    return known
  }
}
