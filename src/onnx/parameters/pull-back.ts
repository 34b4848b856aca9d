import { backpropagate, findGradientPaths } from '../graph/backpropagate.js'
import type { GradientGraph } from '../graph/gradient-graph.js'
import { readInt, readInts } from '../model/attributes.js'
import type { OnnxNode } from '../model/onnx-model.js'
import { readNumbers } from '../model/tensor-data.js'
import { type GraphSegment, materialize } from './graph-segment.js'

/**
 * Pulls the gradients of tensors that are computed from parameters alone back to the parameters. Operators that only
 * move elements keep a segment's layout where they can. Others are differentiated once per example.
 *
 * @param derivations the nodes that compute the tensors, in topological order
 * @param uses the segments of each tensor, by its name
 * @returns segments under the parameters' names
 */
export function pullBack(
  graph: GradientGraph,
  derivations: readonly OnnxNode[],
  parameters: ReadonlySet<string>,
  uses: ReadonlyMap<string, readonly GraphSegment[]>,
): GraphSegment[] {
  const segments = new Map(uses)
  const result: GraphSegment[] = []
  /** Dense gradients that are left, by the tensor. */
  const dense = new Map<string, string[]>()
  for (const node of derivations.toReversed()) {
    for (const output of node.outputs) {
      for (const segment of segments.get(output) ?? []) {
        const moved = moveBack(graph, node, output, segment)
        const [source] = node.inputs as [string]
        if (moved === undefined) {
          dense.set(output, [...(dense.get(output) ?? []), materialize(graph, segment)])
        } else if (parameters.has(source)) result.push({ ...moved, parameter: source })
        else segments.set(source, [...(segments.get(source) ?? []), moved])
      }
    }
  }
  return [...result, ...differentiate(graph, derivations, parameters, dense)]
}

/** Undefined for an operator that computes new elements, or has a layout that it can't keep. */
function moveBack(
  graph: GradientGraph,
  node: OnnxNode,
  output: string,
  segment: GraphSegment,
): GraphSegment | undefined {
  const [source] = node.inputs as [string]
  switch (node.op) {
    case 'Cast':
    case 'Flatten':
    case 'Identity':
    case 'Reshape':
    case 'Squeeze':
    case 'Unsqueeze':
      return segment
    case 'Transpose': {
      const isMatrix = graph.rankOf(source) === 2 && (readInts(node, 'perm')?.[0] ?? 1) === 1
      if (segment.kind !== 'factored' || !isMatrix) return undefined
      const { a, delta, inputSize, outputSize } = segment
      return { ...segment, a: delta, delta: a, inputSize: outputSize, outputSize: inputSize }
    }
    case 'Slice':
    case 'Split':
      return segment.kind === 'factored' ? padFactors(graph, node, output, segment) : undefined
    case 'Gather': {
      // The same rows of a table for every example, as positions have.
      const [, indices] = node.inputs as [string, string]
      const [parameterRows = 0, ...row] = graph.infoOf(source).shape.map((length) => length ?? 1)
      const lengths = graph.infoOf(indices).shape
      if (segment.kind !== 'dense' || readInt(node, 'axis', 0) !== 0) return undefined
      const rowSize = row.reduce((size, length) => size * length, 1)
      const positions = lengths.reduce<number>((size, length) => size * (length ?? 1), 1)
      const delta = graph.add('Reshape', [segment.values, graph.integers(-1, positions, rowSize)])
      const own = graph.add('Reshape', [
        graph.add('Cast', [indices], { to: int32 }),
        graph.integers(1, positions),
      ])
      const isNegative = graph.add('Less', [own, graph.constant(0, 'int32')])
      const fromEnd = graph.add('Add', [own, graph.constant(parameterRows, 'int32')])
      const rows = graph.add('Where', [isNegative, fromEnd, own])
      const exampleCount = graph.add('Gather', [
        graph.add('Shape', [segment.values]),
        graph.integers(0),
      ])
      const shape = graph.add('Concat', [exampleCount, graph.integers(positions)], { axis: 0 })
      return {
        kind: 'lookup',
        parameter: source,
        positions,
        rowSize,
        parameterRows,
        indices: graph.add('Expand', [rows, shape]),
        delta,
      }
    }
    default:
      return undefined
  }
}

const int32 = 6

/** Rows and columns that a part of a matrix leaves out get factors of zero. */
function padFactors(
  graph: GradientGraph,
  node: OnnxNode,
  output: string,
  segment: Extract<GraphSegment, { kind: 'factored' }>,
): GraphSegment | undefined {
  const [source] = node.inputs as [string]
  const full = graph.infoOf(source).shape as number[]
  const part = graph.infoOf(output).shape as number[]
  const starts = node.op === 'Split' ? splitStarts(graph, node, output) : sliceStarts(graph, node)
  if (starts === undefined || full.length !== 2) return undefined
  const pad = (tensor: string, axis: number): string => {
    const [before, after] = [starts[axis]!, full[axis]! - starts[axis]! - part[axis]!]
    if (before === 0 && after === 0) return tensor
    return graph.add('Pad', [tensor, graph.integers(0, 0, before, 0, 0, after), graph.constant(0)])
  }
  const [inputSize, outputSize] = full as [number, number]
  return {
    ...segment,
    inputSize,
    outputSize,
    a: pad(segment.a, 0),
    delta: pad(segment.delta, 1),
  }
}

/** The first index per axis of a slice with steps of 1 and constant bounds. */
function sliceStarts(graph: GradientGraph, { inputs }: OnnxNode): number[] | undefined {
  const [source = '', ...bounds] = inputs
  const [starts, , axes, steps] = bounds.map((bound) => {
    const constant = graph.constantOf(bound)
    return constant && readNumbers(constant)
  })
  if (starts === undefined || (bounds[2] && !axes) || (bounds[3] && !steps)) return undefined
  if (steps?.some((step) => step !== 1) === true) return undefined
  const shape = graph.infoOf(source).shape as number[]
  const first = shape.map(() => 0)
  for (const [k, start] of starts.entries()) {
    const axis = axes?.[k] ?? k
    const at = axis < 0 ? axis + shape.length : axis
    const index = start < 0 ? start + shape[at]! : start
    first[at] = Math.min(Math.max(index, 0), shape[at]!)
  }
  return first
}

function splitStarts(graph: GradientGraph, node: OnnxNode, output: string): number[] {
  const shape = graph.infoOf(node.inputs[0]!).shape
  const axis = readInt(node, 'axis', 0)
  const at = axis < 0 ? axis + shape.length : axis
  const before = node.outputs.slice(0, node.outputs.indexOf(output))
  const start = before.reduce((sum, name) => sum + (graph.lengthOf(name, at) ?? 0), 0)
  return shape.map((_, k) => (k === at ? start : 0))
}

/** Differentiates derivations for one example after the other, in an operator that scans the examples. */
function differentiate(
  graph: GradientGraph,
  derivations: readonly OnnxNode[],
  parameters: ReadonlySet<string>,
  dense: ReadonlyMap<string, readonly string[]>,
): GraphSegment[] {
  if (dense.size === 0) return []
  const tensors = [...dense.keys()]
  const paths = findGradientPaths(derivations, parameters, tensors, graph.infos)
  const body = graph.createBody(paths.tensors)
  const starts = tensors.map((tensor) => [tensor, `${tensor}/gradient of an example`] as const)
  const gradients = backpropagate(body, paths, new Map(starts))
  const found = [...parameters].filter((parameter) => gradients.has(parameter))
  const outputs = graph.addSeveral(
    'Scan',
    tensors.map((tensor) => {
      const lengths = graph.infoOf(tensor).shape.map((length) => length ?? 1)
      return graph.add('Reshape', [graph.sum(dense.get(tensor)!), graph.integers(-1, ...lengths)])
    }),
    {
      num_scan_inputs: tensors.length,
      body: {
        kind: 'graph',
        value: {
          nodes: body.nodes,
          inputs: starts.map(([tensor, name]) => ({
            name,
            type: 'float32',
            shape: graph.infoOf(tensor).shape,
          })),
          outputs: found.map((parameter) => gradients.get(parameter)!),
        },
      },
    },
    found.length,
  )
  return found.map((parameter, k) => {
    const size = graph.infoOf(parameter).shape.reduce<number>((product, n) => product * (n ?? 1), 1)
    const values = graph.add('Reshape', [outputs[k]!, graph.integers(-1, size)])
    return { kind: 'dense', parameter, size, values }
  })
}
