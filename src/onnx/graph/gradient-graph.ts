import type { OnnxGraph } from '../model/onnx-model.js'
import { GraphBuilder } from './graph-builder.js'
import type { TensorInfo } from './tensor-info.js'

/** The gradient of a parameter at each element of an operator's output, before it is summed. */
export interface ElementGradient {
  readonly gradient: string
  /** The operator's output, whose shape the gradient has. */
  readonly output: string
  /** Per axis of the parameter, the axis of the gradient. */
  readonly axes: readonly number[]
}

/** The gradients of a parameter for single examples. */
export interface ExampleGradients {
  /** [examples, ...shape of the parameter] */
  readonly gradients: string
  /** A tensor with one index for each of these examples, and the axis that has them. */
  readonly tensor: string
  readonly axis: number
}

/** A graph to which backward rules append the gradients of its tensors. */
export class GradientGraph extends GraphBuilder {
  readonly #needed: ReadonlySet<string>
  /** What was summed to inputs, by the sum. */
  readonly #sums = new Map<string, ElementGradient>()

  readonly #examples = new Map<string, ExampleGradients>()

  /** @param needed the tensors whose gradients are needed */
  constructor(
    graph: Pick<OnnxGraph, 'nodes' | 'constants'>,
    opset: number,
    infos: ReadonlyMap<string, TensorInfo>,
    needed: ReadonlySet<string>,
    around?: GraphBuilder,
  ) {
    super(graph, opset, infos, around)
    this.#needed = needed
  }

  /** Returns an empty graph for the body of an operator, which sees the tensors of this one. */
  createBody(needed: ReadonlySet<string>): GradientGraph {
    const empty = { nodes: [], constants: new Map() }
    return new GradientGraph(empty, this.opset, this.infos, needed, this)
  }

  /** True if the gradient of this input is needed. */
  needs(input: string): boolean {
    return this.#needed.has(input)
  }

  /**
   * Sums a gradient that has the shape of an operator's output to the shape of an input that the operator broadcasts.
   *
   * @param axes per axis of the input, the axis of the output; by default they are aligned at the last axis
   */
  sumTo(input: string, gradient: string, output: string, axes?: readonly number[]): string {
    const own = this.infoOf(input).shape
    const full = this.infoOf(output).shape
    const places = axes ?? own.map((_, axis) => axis + full.length - own.length)
    const added = [...full.keys()].filter((axis) => !places.includes(axis))
    const repeated = places.filter((place, axis) => own[axis] === 1 && full[place] !== 1)
    const sum = this.#reduce(this.#reduce(gradient, repeated, 1), added, 0)
    // An operation of its own, so that no other sum has the same name.
    const result = sum === gradient ? this.add('Identity', [gradient]) : sum
    this.#sums.set(result, { gradient, output, axes: places })
    return result
  }

  /** Returns what `sumTo` summed to this tensor; undefined if it is the result of anything else. */
  summed(tensor: string): ElementGradient | undefined {
    return this.#sums.get(tensor)
  }

  /**
   * Sums gradients [examples, ...shape of the input] over the examples.
   *
   * @param tensor has one index for each of these examples
   * @param axis the axis that has them
   */
  sumExamples(gradients: string, tensor: string, axis: number): string {
    const sum = this.add('ReduceSum', [gradients, this.integers(0)], { keepdims: 0 })
    this.#examples.set(sum, { gradients, tensor, axis })
    return sum
  }

  /** Returns what `sumExamples` summed to this tensor; undefined if it is the result of anything else. */
  summedExamples(tensor: string): ExampleGradients | undefined {
    return this.#examples.get(tensor)
  }

  #reduce(tensor: string, axes: readonly number[], keepDimensions: 0 | 1): string {
    if (axes.length === 0) return tensor
    return this.add('ReduceSum', [tensor, this.integers(...axes)], { keepdims: keepDimensions })
  }
}
