import type { GraphModel, Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../../errors.js'
import { describe } from '../../../options.js'
import type { LayerSite } from '../../../predictor.js'
import { findClosestNames } from '../../../adapters/closest-names.js'
import { findChannels, listConvolutionOutputs } from './graph-convolutions.js'
import type { OnnxMetadata } from './onnx-metadata.js'
import { type GraphNode, findGraphNode, findNodesBefore, hasSeveralOutputs } from './graph-nodes.js'
import type { ModelLayers, Visit } from '../layers/layer-sites.js'

/** Computes a node of the graph from the inputs. `replaced` tensors are used for their nodes. */
export type ExecuteGraph = (
  x: readonly Tensor[],
  nodes: Readonly<Record<string, Tensor>>,
  output: string,
) => Tensor

/** The nodes of a graph as layers. A converted graph doesn't say which nodes were a layer. */
export class GraphLayers implements ModelLayers {
  readonly #model: GraphModel
  readonly #output: string
  readonly #execute: ExecuteGraph
  readonly #onnx: OnnxMetadata | undefined
  #visited: { readonly sites: readonly LayerSite[]; readonly visit: Visit } | undefined

  /** @param onnx of a graph that was converted from an ONNX model */
  constructor(
    model: GraphModel,
    output: string,
    onnx: OnnxMetadata | undefined,
    execute: ExecuteGraph,
  ) {
    this.#model = model
    this.#output = output
    this.#onnx = onnx
    this.#execute = execute
  }

  find(argument: string, reference: unknown, at: LayerSite['at']): LayerSite {
    const before = findNodesBefore(findGraphNode(this.#model, this.#output)!)
    const node = this.#findNode(argument, reference, before)
    if (at === 'inputs') {
      throw new UnsupportedError(
        node.name,
        `node '${node.name}' of the graph model: attributions at its inputs are not supported, since a node's ` +
          `inputs are other nodes. Name these instead: layer: [${listNames(layersBefore(node))}].`,
      )
    }
    if (node.op === 'Placeholder') {
      throw new InvalidArgumentError(
        argument,
        `'${node.name}', an input of the model`,
        'a node that computes; leave the option out to attribute to the inputs',
      )
    }
    if (hasSeveralOutputs(node)) {
      throw new UnsupportedError(
        node.name,
        `node '${node.name}' of the graph model is a ${node.op}, which has several outputs. Name the node before it, ` +
          `or those that use it: ${listNames(node.children)}.`,
      )
    }
    const channels =
      this.#onnx === undefined ? findChannels(node, before) : this.#onnx.nodeChannels[node.name]
    return { layer: node.name, at, tensors: [node.name], channels: [channels ?? null] }
  }

  listConvolutions(): LayerSite[] {
    const nodes = findNodesBefore(findGraphNode(this.#model, this.#output)!)
    return listConvolutionOutputs(nodes).map(({ node, channels }) => ({
      layer: node.name,
      at: 'outputs',
      tensors: [node.name],
      channels: [channels],
    }))
  }

  intercept<Result>(sites: readonly LayerSite[], visit: Visit, run: () => Result): Result {
    this.#visited = { sites, visit }
    try {
      return run()
    } finally {
      this.#visited = undefined
    }
  }

  /** Computes the model's output. Tensors at the sites of `intercept` pass through its visit. */
  call(x: readonly Tensor[]): Tensor {
    const replaced: Record<string, Tensor> = {}
    const { sites, visit } = this.#visited ?? {
      sites: [],
      visit: (_: number, all: Tensor[]) => all,
    }
    const depthOf = ({ layer }: LayerSite): number =>
      findNodesBefore(findGraphNode(this.#model, layer)!).length
    // A node comes before the nodes that are computed from it.
    const inOrder = [...sites.keys()].sort((a, b) => depthOf(sites[a]!) - depthOf(sites[b]!))
    for (const k of inOrder) {
      const { layer } = sites[k]!
      replaced[layer] = visit(k, [replaced[layer] ?? this.#execute(x, replaced, layer)], 0)[0]!
    }
    return this.#execute(x, replaced, this.#output)
  }

  #findNode(argument: string, reference: unknown, before: readonly GraphNode[]): GraphNode {
    const computed = before.filter(({ op }) => op !== 'Const' && op !== 'Placeholder')
    const node =
      typeof reference === 'string'
        ? (findGraphNode(this.#model, reference) ?? findOnlyNode(reference, computed))
        : undefined
    if (node === undefined) {
      const isName = typeof reference === 'string'
      const names = suggestNames(isName ? reference : '', computed)
      throw new InvalidArgumentError(
        argument,
        isName ? `'${reference}'` : describe(reference),
        'the name of a node of the graph model, or the end of one if no other node has it: ' +
          names.map((name) => `'${name}'`).join(', '),
      )
    }
    if (before.includes(node) && findNodesBefore(node).some(({ op }) => op === 'Placeholder')) {
      return node
    }
    throw new UnsupportedError(
      node.name,
      before.includes(node)
        ? `node '${node.name}' of the graph model is a constant, which does not depend on the inputs. Name a node ` +
            `that computes, ${listNames(node.children)} say.`
        : `node '${node.name}' of the graph model: the output '${this.#output}' does not depend on it. Name one ` +
            'that comes before the output, or choose another output with tfjsPredictor(model, { output }).',
    )
  }
}

const shownCount = 5

/**
 * Finds the node whose path ends like this, or the last one of the layer with this name, if unique.
 */
function findOnlyNode(end: string, nodes: readonly GraphNode[]): GraphNode | undefined {
  const ending = nodes.filter(({ name }) => name.endsWith(`/${end}`))
  if (ending.length > 0) return ending.length === 1 ? ending[0] : undefined
  const isWithin = ({ name }: GraphNode): boolean => `/${name}`.includes(`/${end}/`)
  const isLast = ({ children }: GraphNode): boolean =>
    children.length === 0 || !children.every(isWithin)
  const last = nodes.filter((node) => isWithin(node) && isLast(node))
  return last.length === 1 ? last[0] : undefined
}

/**
 * Returns names that a wrong one may mean: names that contain it, embeddings, and similar names.
 */
function suggestNames(given: string, nodes: readonly GraphNode[]): string[] {
  const names = nodes.map(({ name }) => name)
  const part = given.toLowerCase()
  const containing = part === '' ? [] : names.filter((name) => name.toLowerCase().includes(part))
  const lookups = nodes.filter(
    (node) =>
      (node.op === 'GatherV2' || node.op === 'ResourceGather') && layersBefore(node).length > 0,
  )
  const suggested = [...containing, ...lookups.map(({ name }) => name)]
  return [...new Set([...suggested, ...findClosestNames(given, names)])].slice(0, shownCount)
}

const listNames = (nodes: readonly GraphNode[]): string =>
  nodes.map(({ name }) => `'${name}'`).join(', ')

const layersBefore = ({ inputs }: GraphNode): GraphNode[] =>
  inputs.filter((input) => findNodesBefore(input).some(({ op }) => op === 'Placeholder'))
