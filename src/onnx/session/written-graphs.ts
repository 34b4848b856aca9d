import { UnsupportedError } from '../../errors.js'
import type { LayerBias } from '../../gradients/block.js'
import type { PositionLoss } from '../../losses/loss.js'
import type { BatchKnowledge } from '../graph/batch-knowledge.js'
import { backpropagate, findGradientPaths } from '../graph/backpropagate.js'
import { GradientGraph } from '../graph/gradient-graph.js'
import { appendLossSeed } from '../losses/loss-seed.js'
import type { LoadedModel } from '../model/loaded-model.js'
import { filterOrder } from '../model/simple-model.js'
import { keepNeeded } from '../model/normalize.js'
import type { GraphInput, OnnxNode } from '../model/onnx-model.js'
import type { WrittenModel } from '../model/write-model.js'
import { arraysOf } from '../../adapters/segment-arrays.js'
import type { GraphSegment } from '../parameters/graph-segment.js'
import { findLayerBiases } from '../parameters/layer-biases.js'
import {
  appendExampleGradients,
  toDenseSegments,
  traceParameters,
} from '../parameters/parameter-gradients.js'

/** The names of the inputs that gradient graphs have besides the model's own. */
export const seedInput = 'gradlens/seed'
export const labelsInput = 'gradlens/labels'
export const factorsInput = 'gradlens/factors'

const floatInput = (name: string): GraphInput => ({ name, type: 'float32', shape: undefined })

/** The model's opset for ONNX's own operators. */
const opsetOf = ({ opsets }: LoadedModel): number => opsets.get('') ?? 0

/** Writes a graph without what these outputs don't depend on. */
function write(
  model: LoadedModel,
  graph: Pick<WrittenModel['graph'], 'nodes' | 'constants'>,
  outputs: readonly string[],
  added: readonly GraphInput[] = [],
): WrittenModel {
  const own = model.inputs.map(({ name, type, shape }): GraphInput => ({
    name,
    type,
    shape: [null, ...shape],
  }))
  const given = new Set([...own, ...added].map(({ name }) => name))
  return {
    opsets: model.opsets,
    graph: {
      ...keepNeeded(
        graph,
        outputs.filter((output) => !given.has(output)),
      ),
      inputs: [...own, ...added],
      outputs,
    },
  }
}

/** The model with tensors that are given, instead of computed. */
export function cutNodes(nodes: readonly OnnxNode[], given: ReadonlySet<string>): OnnxNode[] {
  return nodes.map((node) =>
    node.outputs.some((output) => given.has(output))
      ? {
          ...node,
          outputs: node.outputs.map((output) =>
            given.has(output) ? `gradlens/replaced ${output}` : output,
          ),
        }
      : node,
  )
}

/** Writes the forward pass. Outputs may be any tensors; `given` ones become inputs. */
export function writeForward(
  model: LoadedModel,
  outputs: readonly string[],
  given: readonly string[] = [],
): WrittenModel {
  const nodes = cutNodes(model.nodes, new Set(given))
  return write(model, { nodes, constants: model.constants }, outputs, given.map(floatInput))
}

/** The tensors that operators compute, with the names of their shapes in a shape graph. */
export const listTensors = ({ nodes }: LoadedModel): { tensor: string; shape: string }[] =>
  nodes.flatMap(({ outputs }) =>
    outputs.flatMap((tensor) =>
      tensor === '' ? [] : [{ tensor, shape: `gradlens/shape of ${tensor}` }],
    ),
  )

/** Writes a forward pass whose outputs are the shapes of all tensors. */
export function writeShapes(model: LoadedModel): WrittenModel {
  const tensors = listTensors(model)
  const shapes = tensors.map(({ tensor, shape }): OnnxNode => {
    return {
      name: shape,
      op: 'Shape',
      domain: '',
      inputs: [tensor],
      outputs: [shape],
      attributes: {},
    }
  })
  const nodes = [...model.nodes, ...shapes]
  return write(
    model,
    { nodes, constants: model.constants },
    tensors.map(({ shape }) => shape),
  )
}

/** A gradient graph with the names of its outputs. */
export interface WrittenGradients {
  readonly model: WrittenModel
  /** Per source, the gradient; undefined if the output doesn't depend on it by differentiable steps. */
  readonly gradients: readonly (string | undefined)[]
}

/**
 * Writes the gradients at tensors, which start with the input `gradlens/seed` at the output. Each source counts as a
 * leaf: what the output depends on through another source isn't part of its gradient.
 *
 * @param given the sources that are inputs of the graph
 */
export function writeGradients(
  model: LoadedModel,
  { infos }: BatchKnowledge,
  sources: readonly string[],
  given: readonly string[] = [],
): WrittenGradients {
  const nodes = cutNodes(model.nodes, new Set(given))
  const paths = findGradientPaths(nodes, sources, [model.output], infos)
  const graph = new GradientGraph(
    { nodes, constants: model.constants },
    opsetOf(model),
    infos,
    paths.tensors,
  )
  const found = backpropagate(graph, paths, new Map([[model.output, seedInput]]))
  const gradients = sources.map((source) =>
    paths.tensors.has(source) ? found.get(source) : undefined,
  )
  const outputs = [...new Set(gradients.filter((gradient) => gradient !== undefined))]
  const added = [
    ...given.filter((name) => !model.inputs.some((input) => input.name === name)),
    seedInput,
  ]
  return { model: write(model, graph, outputs, added.map(floatInput)), gradients }
}

/** A loss, named or as a gradient at the output that is given as `gradlens/seed`. */
export type GraphLoss = PositionLoss | 'seed'

/** How the gradients of a loss are computed. */
export interface LossGraphOptions {
  readonly loss: GraphLoss
  readonly hasFactors: boolean
  /** The parameters whose gradients are computed. */
  readonly parameters: readonly string[]
  /** True for the gradients of whole parameters, for one example at a time. */
  readonly isAlone: boolean
}

export interface WrittenLossGradients {
  readonly model: WrittenModel
  readonly segments: readonly GraphSegment[]
  /** By the names of kernels, the biases of their layers. */
  readonly biases: ReadonlyMap<string, LayerBias>
}

/**
 * Writes the loss gradients of a batch of examples, or of one.
 *
 * @returns a reason, as part of a sentence, if the examples of a batch can't be separated
 * @throws UnsupportedError if the output doesn't depend on any parameter
 */
export function writeLossGradients(
  model: LoadedModel,
  knowledge: BatchKnowledge,
  { loss, hasFactors, parameters, isAlone }: LossGraphOptions,
): WrittenLossGradients | { readonly reason: string } {
  const { nodes } = model
  const { infos } = knowledge
  const chosen = new Set(parameters)
  const trace = isAlone
    ? { derivations: [], sources: chosen }
    : traceParameters(nodes, parameters, knowledge)
  // The path to the output includes that to the logits before it.
  const paths = findGradientPaths(nodes, trace.sources, [model.output], infos)
  const graph = new GradientGraph(model, opsetOf(model), infos, paths.tensors)
  const tensors = {
    output: model.output,
    labels: labelsInput,
    factors: hasFactors ? factorsInput : undefined,
  }
  const start =
    loss === 'seed'
      ? { tensor: model.output, gradient: seedInput }
      : appendLossSeed(graph, nodes, loss, tensors)
  const starts = new Map([[start.tensor, start.gradient]])
  const ownPaths =
    start.tensor === model.output
      ? paths
      : findGradientPaths(nodes, trace.sources, [start.tensor], infos)
  if (ownPaths.tensors.size === 0) refuseUnreached(model)
  let segments: readonly GraphSegment[]
  let biases: ReadonlyMap<string, LayerBias> = new Map()
  if (isAlone) {
    const found = backpropagate(graph, ownPaths, starts)
    const own = [...chosen].flatMap((name) => {
      const gradient = found.get(name)
      return gradient === undefined
        ? []
        : [[name, inDeclaredOrder(graph, model, name, gradient)] as const]
    })
    segments = toDenseSegments(graph, new Map(own))
  } else {
    const filters = new Set(
      model.parameters.filter(({ isFilter }) => isFilter).map(({ name }) => name),
    )
    const result = appendExampleGradients(graph, trace, knowledge, ownPaths, starts, {
      parameters: chosen,
      filters,
    })
    if ('reason' in result) return result
    segments = result
    biases = findLayerBiases(ownPaths.nodes, chosen, infos)
  }
  const inputs =
    loss === 'seed' ? [seedInput] : [labelsInput, ...(hasFactors ? [factorsInput] : [])]
  const outputs = [...new Set([...segments.flatMap(arraysOf), model.output])]
  return { model: write(model, graph, outputs, inputs.map(floatInput)), segments, biases }
}

/** Brings the gradient of a filter into the order of its axes in segments. */
function inDeclaredOrder(
  graph: GradientGraph,
  { parameters }: LoadedModel,
  name: string,
  gradient: string,
): string {
  const isFilter = parameters.find((parameter) => parameter.name === name)?.isFilter === true
  return isFilter
    ? graph.add('Transpose', [gradient], { perm: filterOrder(graph.rankOf(name)) })
    : gradient
}

function refuseUnreached({ name, output }: LoadedModel): never {
  throw new UnsupportedError(
    output,
    `model '${name}': its output '${output}' does not depend on any parameter by differentiable steps, so there are ` +
      'no gradients to compare. Choose an output before the arg-max or comparison, with { output }.',
  )
}
