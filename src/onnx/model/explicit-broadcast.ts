import { UnsupportedError } from '../../errors.js'
import { describeNode } from '../graph/backpropagate.js'
import { readInt } from './attributes.js'
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnx-model.js'
import { createTensor } from './tensor-data.js'

/** Operators that broadcast their second input where an attribute says so, in version 6 and before. */
const broadcastOps: ReadonlySet<string> = new Set([
  ...['Add', 'Sub', 'Mul', 'Div', 'Pow', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'Less'],
  ...['Gemm', 'PRelu'],
])

/**
 * Raises the nodes of a graph of version 6 to version 7, where operators broadcast by the last axis. A second input that
 * is aligned at another axis gets axes of length 1 at its end.
 *
 * @throws UnsupportedError where that needs a rank that the file doesn't state
 */
export function raiseBroadcast(graph: OnnxGraph): Pick<OnnxGraph, 'nodes' | 'constants'> {
  const constants = new Map(graph.constants)
  const nodes = graph.nodes.flatMap((given): readonly OnnxNode[] => {
    if (given.domain !== '') return [given]
    const node = withoutOldAttributes(given)
    if (!broadcastOps.has(node.op)) return [node]
    const added = countAddedAxes(given, graph)
    if (added === 0) return [node]
    const [a, b] = node.inputs as [string, string]
    const name = `gradlens/aligned ${b} of ${given.outputs[0]!}`
    const axes = `${name}/axes`
    constants.set(axes, lastAxes(added))
    return [
      {
        ...{ name, op: 'Unsqueeze', domain: '', inputs: [b, axes], outputs: [name] },
        attributes: {},
      },
      { ...node, inputs: [a, name] },
    ]
  })
  return { nodes, constants }
}

/** What operators do in training mode, the default of version 6. */
const trainingEffects: Readonly<Record<string, string | undefined>> = {
  BatchNormalization: 'the gradient of an example depends on its batch',
  Dropout: 'it draws random numbers',
}

function withoutOldAttributes(node: OnnxNode): OnnxNode {
  const effect = trainingEffects[node.op]
  if (effect !== undefined && readInt(node, 'is_test', 0) === 0) {
    throw new UnsupportedError(
      node.op,
      `${node.op} ${describeNode(node)}: in training mode, ${effect}. Export the model in test mode.`,
    )
  }
  const old = ['broadcast', 'consumed_inputs', 'is_test']
  if (broadcastOps.has(node.op)) old.push('axis')
  const kept = Object.entries(node.attributes).filter(([name]) => !old.includes(name))
  return { ...node, attributes: Object.fromEntries(kept) }
}

/** Returns how many axes of length 1 the second input needs at its end. */
function countAddedAxes(node: OnnxNode, graph: OnnxGraph): number {
  const [a, b] = node.inputs as [string, string]
  const isChannels = node.op === 'PRelu'
  if (!isChannels && node.attributes['axis'] === undefined) return 0
  const rankOf = (tensor: string): number => {
    const known =
      graph.constants.get(tensor)?.shape ??
      graph.inputs.find(({ name }) => name === tensor)?.shape ??
      graph.described.get(tensor)?.shape
    if (known !== undefined) return known.length
    throw new UnsupportedError(
      node.op,
      `${node.op} ${describeNode(node)}: opset 6 aligns its inputs by their ranks, and the file doesn't state that of ` +
        `'${tensor}'. Run onnx.shape_inference on it, or export it with opset 7 or later.`,
    )
  }
  // One slope for each channel, or one for all.
  if (isChannels && (graph.constants.get(b)?.shape ?? [0]).join() === '1') return 0
  const axis = isChannels ? 1 : readInt(node, 'axis', 0)
  const [full, own] = [rankOf(a), rankOf(b)]
  return Math.max(0, full - own - (axis < 0 ? axis + full : axis))
}

/** The last axes of what they are added to. */
const lastAxes = (count: number): OnnxTensor =>
  createTensor(
    'int64',
    Array.from({ length: count }, (_, k) => k - count),
    [count],
  )
