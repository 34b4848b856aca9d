import type { GraphModel } from '@tensorflow/tfjs'

/** A node of a GraphModel's graph, as TensorFlow.js's converter stores it. */
export interface GraphNode {
  readonly name: string
  readonly op: string
  readonly inputs: readonly GraphNode[]
  /** With the port if it isn't the first: 'split:1'. */
  readonly inputNames: readonly string[]
  readonly children: readonly GraphNode[]
  readonly attrParams?: Readonly<Record<string, { readonly value?: unknown } | undefined>>
}

/** Private to the converter, pinned by tests/devices/models/graph-layers.test.ts. */
interface GraphInternals {
  readonly executor: { readonly graph: { readonly nodes: Readonly<Record<string, GraphNode>> } }
}

interface Signature {
  readonly outputs?: Readonly<Record<string, SignatureEntry | undefined>>
}

interface SignatureEntry {
  readonly name: string
  readonly tensorShape?: {
    readonly dim?: readonly { readonly size?: string | number }[]
    readonly unknownRank?: boolean
  }
}

/** Finds the node of an output by its key in the signature or its own name. */
export function findGraphNode(model: GraphModel, output: string): GraphNode | undefined {
  const { executor } = model as unknown as GraphInternals
  const name = signatureEntry(model, output)?.name ?? output
  return executor.graph.nodes[name.split(':')[0]!]
}

/** Returns the node and all nodes that it is computed from, in any order. */
export function findNodesBefore(last: GraphNode): GraphNode[] {
  const found = new Set([last])
  for (const node of found) for (const input of node.inputs) found.add(input)
  return [...found]
}

/** Returns the shape of one example's output in the signature; undefined if it isn't there. */
export function outputShapeInSignature(
  model: GraphModel,
  output: string,
): (number | null)[] | undefined {
  const shape = signatureEntry(model, output)?.tensorShape
  if (shape?.dim === undefined || shape.dim.length === 0 || shape.unknownRank === true)
    return undefined
  return shape.dim.slice(1).map(({ size }) => (Number(size) >= 0 ? Number(size) : null))
}

function signatureEntry(model: GraphModel, output: string): SignatureEntry | undefined {
  const signature = model.modelSignature as Signature | undefined
  return (
    signature?.outputs?.[output] ??
    Object.values(signature?.outputs ?? {}).find((entry) => entry?.name === output)
  )
}

/**
 * Returns the channel axis of the batch normalizations; undefined if there are none or they differ.
 */
export function channelAxisOf(nodes: readonly GraphNode[]): number | undefined {
  const formats = new Set(
    nodes
      .filter(({ op }) => op.startsWith('FusedBatchNorm'))
      .map(({ attrParams }) => attrParams?.['dataFormat']?.value ?? 'nhwc'),
  )
  if (formats.size !== 1) return undefined
  return formats.has('nchw') ? 1 : 3
}

/** True for a node with outputs besides its first that others use, by their ports: 'split:1'. */
export const hasSeveralOutputs = ({ name, children }: GraphNode): boolean =>
  children.some(({ inputNames }) =>
    inputNames.some((input) => input.startsWith(`${name}:`) && !input.endsWith(':0')),
  )
