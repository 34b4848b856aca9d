import type { GradientGraph } from '../graph/gradient-graph.js'
import { readInt } from '../model/attributes.js'
import type { OnnxNode } from '../model/onnx-model.js'
import { readNumbers } from '../model/tensor-data.js'

/** Longer vectors aren't the shapes, axes and scales that operators take. */
const longest = 64

/**
 * Returns the numbers of a short tensor that is a constant, or that the model computes from constants, as exporters leave
 * them that don't fold. Undefined if it depends on anything else.
 */
export function constantNumbers(graph: GradientGraph, tensor: string): number[] | undefined {
  const constant = graph.constantOf(tensor)
  if (constant !== undefined) return readNumbers(constant)
  const node = graph.nodes.find(({ outputs }) => outputs.includes(tensor))
  if (node === undefined) return undefined
  if (node.op === 'Shape') return shapeOf(graph, node)
  const compute = computations[node.op]
  if (compute === undefined || node.domain !== '') return undefined
  const values: number[][] = []
  for (const input of node.inputs) {
    const value = input === '' ? [] : constantNumbers(graph, input)
    if (value === undefined || value.length > longest) return undefined
    values.push(value)
  }
  return compute(values, node, graph)
}

function shapeOf(graph: GradientGraph, node: OnnxNode): number[] | undefined {
  const { shape } = graph.infoOf(node.inputs[0]!)
  const lengths = shape.slice(readInt(node, 'start', 0), readInt(node, 'end', shape.length))
  return lengths.every((length) => length !== null) ? lengths : undefined
}

type Compute = (
  values: readonly number[][],
  node: OnnxNode,
  graph: GradientGraph,
) => number[] | undefined

const elementwise =
  (combine: (a: number, b: number) => number): Compute =>
  ([a, b]) => {
    const length = Math.max(a!.length, b!.length)
    if (a!.length !== length && a!.length !== 1) return undefined
    if (b!.length !== length && b!.length !== 1) return undefined
    const at = (values: number[], k: number): number => values[values.length === 1 ? 0 : k]!
    return Array.from({ length }, (_, k) => combine(at(a!, k), at(b!, k)))
  }

const keep: Compute = ([a]) => a

/** What is done to scalars and vectors. */
const computations: Readonly<Record<string, Compute | undefined>> = {
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Cast: ([a], node) => (readInt(node, 'to', 1) === float32 ? a : a!.map(Math.trunc)),
  Identity: keep,
  Unsqueeze: keep,
  Squeeze: keep,
  Reshape: keep,
  Concat: (values) => values.flat(),
  Gather: ([a, indices], node, graph) =>
    graph.rankOf(node.inputs[0]!) === 1 ? indices!.map((index) => a!.at(index)!) : undefined,
  Slice: ([a, starts, ends, , steps], node, graph) =>
    graph.rankOf(node.inputs[0]!) === 1 && (steps?.[0] ?? 1) === 1
      ? a!.slice(starts![0], ends![0])
      : undefined,
}

const float32 = 1
