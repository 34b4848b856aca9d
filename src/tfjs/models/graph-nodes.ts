import type { GraphModel } from '@tensorflow/tfjs'

/** A node of a GraphModel's graph, as TensorFlow.js's converter keeps it. */
export interface GraphNode {
  readonly name: string
  readonly op: string
  readonly inputs: readonly GraphNode[]
  /** With the port, where it is not the first: 'split:1'. */
  readonly inputNames: readonly string[]
  readonly children: readonly GraphNode[]
  readonly attrParams?: Readonly<Record<string, { readonly value?: unknown } | undefined>>
}

/** Private to the converter, pinned by tests/support/graph-model-suite.ts. */
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

/** The node of an output, by its key in the signature or by its own name; undefined if there is none. */
export function graphNode(model: GraphModel, output: string): GraphNode | undefined {
  const { executor } = model as unknown as GraphInternals
  const name = signatureEntry(model, output)?.name ?? output
  return executor.graph.nodes[name.split(':')[0]!]
}

/** The node and all that it is computed from, in no particular order. */
export function nodesBefore(last: GraphNode): GraphNode[] {
  const found = new Set([last])
  for (const node of found) for (const input of node.inputs) found.add(input)
  return [...found]
}

/** The shape of one example's output as the signature has it; undefined where it does not say. */
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

/** The axis of the channels in the batch normalizations; undefined where there are none, or they differ in it. */
export function channelAxisOf(nodes: readonly GraphNode[]): number | undefined {
  const formats = new Set(
    nodes
      .filter(({ op }) => op.startsWith('FusedBatchNorm'))
      .map(({ attrParams }) => attrParams?.['dataFormat']?.value ?? 'nhwc'),
  )
  if (formats.size !== 1) return undefined
  return formats.has('nchw') ? 1 : 3
}
