import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readFloat, readInt } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { fixedLength, range } from '../constants.js'
import { Formula } from '../formula.js'
import { refuse } from '../refuse.js'
import type { Gradient, Rule } from '../rule.js'

/** Softmax(scale · QKᵀ + mask) V, with several queries for each head of keys and values where the model says so. */
export const attention: Rule = {
  differentiate(node, deltas, graph) {
    if (node.inputs.slice(4).some((input) => input !== '')) {
      throw refuse(node, 'past keys and values have no backward rule')
    }
    const [delta, ...others] = deltas
    if (delta === undefined || others.some((other) => other !== undefined)) {
      throw refuse(node, 'only the first output has a backward rule')
    }
    return new AttentionPass(node, graph).differentiate(delta)
  },
}

/** The forward pass with its intermediate results, [batch, heads, …], and the backward pass. */
class AttentionPass {
  readonly #node: OnnxNode
  readonly #graph: GradientGraph
  readonly #f: Formula
  readonly #mask: string
  readonly #queryHeads: number
  readonly #keyHeads: number
  readonly #scale: number

  constructor(node: OnnxNode, graph: GradientGraph) {
    const [q, k, , mask = ''] = node.inputs as [string, string, string, string?]
    this.#node = node
    this.#graph = graph
    this.#f = new Formula(graph)
    this.#mask = mask
    const isSplit = graph.rankOf(q) === 4
    this.#queryHeads = isSplit ? fixedLength(node, q, 1, graph) : readInt(node, 'q_num_heads', 1)
    this.#keyHeads = isSplit ? fixedLength(node, k, 1, graph) : readInt(node, 'kv_num_heads', 1)
    const size = fixedLength(node, q, -1, graph) / (isSplit ? 1 : this.#queryHeads)
    this.#scale = readFloat(node, 'scale', 1 / Math.sqrt(size))
  }

  differentiate(ofOutput: string): Gradient[] {
    const f = this.#f
    const [q, k, v] = this.#node.inputs as [string, string, string]
    const [queries, keys, values] = [
      this.#split(q, this.#queryHeads),
      this.#repeat(this.#split(k, this.#keyHeads), k),
      this.#repeat(this.#split(v, this.#keyHeads), v),
    ]
    const delta = this.#split(ofOutput, this.#queryHeads, this.#node.outputs[0])
    const products = f.product(this.#scale, this.#multiply(queries, this.#transpose(keys)))
    const cap = readFloat(this.#node, 'softcap', 0)
    const gate = cap === 0 ? '' : f.apply('Tanh', f.quotient(products, cap))
    const scores = cap === 0 ? products : f.product(cap, gate)
    const shares = this.#graph.add('Softmax', [this.#addMasks(scores)], { axis: -1 })

    const ofValues = this.#multiply(this.#transpose(shares), delta)
    const ofShares = this.#multiply(delta, this.#transpose(values))
    const mean = f.sumOver(f.product(ofShares, shares), [3])
    const ofScores = f.product(shares, f.difference(ofShares, mean))
    const uncapped = cap === 0 ? ofScores : f.product(ofScores, f.difference(1, f.square(gate)))
    const ofProducts = f.product(this.#scale, uncapped)
    const ofQueries = this.#multiply(ofProducts, keys)
    const ofKeys = this.#multiply(this.#transpose(ofProducts), queries)
    return [
      this.#join(ofQueries, q),
      this.#join(this.#sumRepeated(ofKeys), k),
      this.#join(this.#sumRepeated(ofValues), v),
      this.#needsMask() ? this.#sumToMask(ofScores) : undefined,
    ]
  }

  #multiply = (a: string, b: string): string => this.#graph.add('MatMul', [a, b])

  #transpose = (a: string): string => this.#graph.add('Transpose', [a], { perm: [0, 1, 3, 2] })

  /** [batch, length, heads · size] becomes [batch, heads, length, size]. */
  #split(tensor: string, heads: number, like = tensor): string {
    if (this.#graph.rankOf(like) === 4) return tensor
    const apart = this.#graph.add('Reshape', [tensor, this.#graph.integers(0, 0, heads, -1)])
    return this.#graph.add('Transpose', [apart], { perm: [0, 2, 1, 3] })
  }

  #join(tensor: string, like: string): string {
    if (this.#graph.rankOf(like) === 4) return tensor
    const turned = this.#graph.add('Transpose', [tensor], { perm: [0, 2, 1, 3] })
    return this.#graph.add('Reshape', [turned, this.#graph.integers(0, 0, -1)])
  }

  get #repeats(): number {
    return this.#queryHeads / this.#keyHeads
  }

  /** Repeats each head of keys or values for its queries. */
  #repeat(tensor: string, like: string): string {
    if (this.#repeats === 1) return tensor
    const graph = this.#graph
    const apart = graph.add('Unsqueeze', [tensor, graph.integers(2)])
    const copies = graph.add('Expand', [apart, graph.integers(1, 1, this.#repeats, 1, 1)])
    const size = this.#length(like, -1) / (graph.rankOf(like) === 4 ? 1 : this.#keyHeads)
    const shape = graph.integers(0, this.#queryHeads, this.#length(like, -2), size)
    return graph.add('Reshape', [copies, shape])
  }

  #sumRepeated(tensor: string): string {
    if (this.#repeats === 1) return tensor
    const graph = this.#graph
    const [k] = this.#node.inputs.slice(1) as [string]
    const shape = graph.integers(0, this.#keyHeads, this.#repeats, this.#length(k, -2), -1)
    const apart = graph.add('Reshape', [tensor, shape])
    return graph.add('ReduceSum', [apart, graph.integers(2)], { keepdims: 0 })
  }

  #addMasks(scores: string): string {
    const f = this.#f
    let result = scores
    if (this.#mask !== '') {
      result =
        this.#graph.typeOf(this.#mask) === 'bool'
          ? f.choose(this.#mask, result, -Infinity)
          : f.sum(result, this.#mask)
    }
    if (readInt(this.#node, 'is_causal', 0) === 0) return result
    const [q, k] = this.#node.inputs as [string, string]
    const [queries, keys] = [this.#length(q, -2), this.#length(k, -2)]
    const isSeen = range(queries * keys).map((at) => (at % keys <= Math.floor(at / keys) ? 1 : 0))
    return f.choose(this.#graph.constant(isSeen, 'bool', [queries, keys]), result, -Infinity)
  }

  #needsMask = (): boolean =>
    this.#mask !== '' && this.#graph.needs(this.#mask) && this.#graph.typeOf(this.#mask) !== 'bool'

  /** Sums over the axes [batch, heads, queries, keys] that a mask doesn't have, or has with length 1. */
  #sumToMask(ofScores: string): string {
    const graph = this.#graph
    const shape = graph.infoOf(this.#mask).shape
    const [q, k] = this.#node.inputs as [string, string]
    const full = [graph.lengthOf(q, 0), this.#queryHeads, this.#length(q, -2), this.#length(k, -2)]
    const offset = 4 - shape.length
    const repeated = range(shape.length).filter(
      (axis) => shape[axis] === 1 && full[axis + offset] !== 1,
    )
    const sums = this.#f.sumOver(
      ofScores,
      repeated.map((axis) => axis + offset),
    )
    if (offset === 0) return sums
    return graph.add('ReduceSum', [sums, graph.integers(...range(offset))], { keepdims: 0 })
  }

  #length = (tensor: string, axis: number): number =>
    fixedLength(this.#node, tensor, axis, this.#graph)
}
