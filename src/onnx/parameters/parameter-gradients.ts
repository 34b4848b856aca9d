import { isPlaced } from '../graph/batch-layout.js'
import type { BatchKnowledge } from '../graph/batch-knowledge.js'
import { backpropagate, describeNode, findGradientPaths } from '../graph/backpropagate.js'
import { GradientGraph } from '../graph/gradient-graph.js'
import type { GraphBuilder } from '../graph/graph-builder.js'
import type { OnnxNode } from '../model/onnx-model.js'
import { isFloat } from '../model/tensor-data.js'
import { convolutionUse, transposedConvolutionUse } from './convolution-uses.js'
import { einsumUse } from './einsum-use.js'
import { elementUse } from './element-use.js'
import { exampleUse } from './example-use.js'
import { type GraphSegment, joinUses } from './graph-segment.js'
import { lookupUse } from './lookup-use.js'
import type { UseRule } from './parameter-use.js'
import { gemmUse, matMulUse } from './product-uses.js'
import { pullBack } from './pull-back.js'

/** The rules of operators that parameters are multiplied in, by operator. Others broadcast them. */
const useRules: Readonly<Record<string, UseRule | undefined>> = {
  Conv: convolutionUse,
  ConvTranspose: transposedConvolutionUse,
  Einsum: einsumUse,
  Gather: lookupUse,
  Gemm: gemmUse,
  MatMul: matMulUse,
}

/** The first use of a parameter that keeps the examples of a batch from being separated. */
export interface Unseparated {
  /** Which operator, which parameter and why, as part of a sentence. */
  readonly reason: string
}

export interface ParameterTrace {
  /** The nodes that compute something from parameters without the batch, in topological order. */
  readonly derivations: readonly OnnxNode[]
  /** The parameters and what the derivations compute: where gradients of single examples start. */
  readonly sources: ReadonlySet<string>
}

/** Follows the parameters to the nodes where they meet the batch. */
export function traceParameters(
  nodes: readonly OnnxNode[],
  parameters: Iterable<string>,
  { infos, placements }: BatchKnowledge,
): ParameterTrace {
  const sources = new Set(parameters)
  const derivations = nodes.filter((node) => {
    const isOwn =
      node.inputs.some((input) => sources.has(input)) &&
      !node.outputs.some((output) => placements.has(output))
    if (!isOwn) return false
    for (const output of node.outputs) {
      const info = infos.get(output)
      if (info !== undefined && isFloat(info.type)) sources.add(output)
    }
    return node.outputs.some((output) => sources.has(output))
  })
  return { derivations, sources }
}

/**
 * Appends the backward pass of a batch, with the gradients of each example.
 *
 * @param graph built with the tensors of `paths` as those whose gradients are needed
 * @param starts the tensors where gradients start, with their gradients
 * @param filters the parameters whose gradients have the order of a filter's axes in segments
 */
export function appendExampleGradients(
  graph: GradientGraph,
  { derivations, sources }: ParameterTrace,
  knowledge: BatchKnowledge,
  paths: ReturnType<typeof findGradientPaths>,
  starts: ReadonlyMap<string, string>,
  { parameters, filters }: { parameters: ReadonlySet<string>; filters: ReadonlySet<string> },
): readonly GraphSegment[] | Unseparated {
  const uses = new Map<string, GraphSegment[]>()
  let unseparated: Unseparated | undefined
  backpropagate(graph, paths, starts, (node, deltas, gradients) => {
    for (const [k, input] of node.inputs.entries()) {
      if (!sources.has(input) || gradients[k] === undefined) continue
      const segment = useOf(node, k, deltas[0], gradients[k])
      if ('why' in segment) {
        unseparated ??= {
          reason: `${node.op} ${describeNode(node)}, which uses '${input}': ${segment.why}`,
        }
      } else uses.set(input, [...(uses.get(input) ?? []), segment])
    }
  })
  if (unseparated !== undefined) return unseparated
  const pulled = pullBack(graph, derivations, parameters, uses)
  const own = [...uses].flatMap(([tensor, segments]) => (parameters.has(tensor) ? segments : []))
  const byParameter = new Map<string, GraphSegment[]>()
  for (const segment of [...own, ...pulled]) {
    byParameter.set(segment.parameter, [...(byParameter.get(segment.parameter) ?? []), segment])
  }
  return [...byParameter.values()].flatMap((segments) => joinUses(graph, segments))

  function useOf(
    node: OnnxNode,
    input: number,
    delta: string | undefined,
    gradient: string,
  ): GraphSegment | { readonly why: string } {
    const layout = knowledge.placements.get(node.outputs[0]!)
    if (!isPlaced(layout)) return layout ?? { why: 'its output has no batch axis' }
    const isFilter = (tensor: string): boolean => filters.has(tensor)
    const placementOf = knowledge.placements.get.bind(knowledge.placements)
    const summed = graph.summed(gradient)
    const examples = graph.summedExamples(gradient)
    const segment =
      delta === undefined
        ? undefined
        : useRules[node.op]?.({ graph, node, input, delta, layout, placementOf, isFilter })
    return (
      segment ??
      (summed &&
        elementUse(
          { graph, node, input, layout },
          { ...summed, shape: graph.infoOf(summed.output).shape },
        )) ??
      (examples && exampleUse({ graph, node, input, placementOf }, examples)) ?? {
        why: 'no rule gives the gradients of single examples',
      }
    )
  }
}

/** Returns the gradients of whole parameters, for one example at a time. */
export function toDenseSegments(
  graph: GraphBuilder,
  gradients: ReadonlyMap<string, string>,
): GraphSegment[] {
  return [...gradients].map(([parameter, gradient]) => {
    const size = graph
      .infoOf(parameter)
      .shape.reduce<number>((product, length) => product * (length ?? 1), 1)
    const values = graph.add('Reshape', [gradient, graph.integers(1, size)])
    return { kind: 'dense', parameter, size, values }
  })
}
