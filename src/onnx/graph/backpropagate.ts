import { UnsupportedError } from '../../errors.js'
import type { OnnxNode } from '../model/onnx-model.js'
import { isFloat } from '../model/tensor-data.js'
import { rules } from '../rules/registry.js'
import type { Gradient } from '../rules/rule.js'
import type { GradientGraph } from './gradient-graph.js'
import type { TensorInfo } from './tensor-info.js'

/** Called for each node that the gradient reaches, the last one first, with the gradients of its inputs. */
export type Visit = (
  node: OnnxNode,
  deltas: readonly Gradient[],
  gradients: readonly Gradient[],
) => void

/** The part of a graph between the tensors whose gradients are needed and those where they start. */
export interface GradientPaths {
  /** The nodes on the way, in topological order. */
  readonly nodes: readonly OnnxNode[]
  /** The tensors on the way, with both ends. */
  readonly tensors: ReadonlySet<string>
}

/**
 * Finds the nodes through which the starts depend on the sources by differentiable steps. What a source is computed
 * from, such as another source, counts as constant.
 */
export function findGradientPaths(
  nodes: readonly OnnxNode[],
  sources: Iterable<string>,
  starts: Iterable<string>,
  infos: ReadonlyMap<string, TensorInfo>,
): GradientPaths {
  const leaves = new Set(sources)
  const dependents = new Set(leaves)
  const forward = nodes.filter((node) => {
    if (!differentiableInputs(node).some((input) => dependents.has(input))) return false
    const own = node.outputs.filter((output) => {
      const type = infos.get(output)?.type
      return !leaves.has(output) && (type === undefined || isFloat(type))
    })
    for (const output of own) dependents.add(output)
    return own.length > 0
  })
  const reaching = new Set(starts)
  const onTheWay: OnnxNode[] = []
  for (const node of forward.toReversed()) {
    if (!node.outputs.some((output) => reaching.has(output))) continue
    for (const input of differentiableInputs(node)) reaching.add(input)
    onTheWay.unshift(node)
  }
  return {
    nodes: onTheWay,
    tensors: new Set([...dependents].filter((tensor) => reaching.has(tensor))),
  }
}

/**
 * Appends the backward pass to a graph.
 *
 * @throws UnsupportedError that lists all nodes on the way whose operators have no rule
 * @param starts the tensors where gradients start, with their gradients
 * @returns the gradients of all tensors on the way
 */
export function backpropagate(
  graph: GradientGraph,
  { nodes, tensors }: GradientPaths,
  starts: ReadonlyMap<string, string>,
  visit: Visit = () => undefined,
): Map<string, string> {
  refuseUnsupported(nodes)
  const terms = new Map<string, string[]>()
  const gradients = new Map<string, string>()
  for (const [tensor, gradient] of starts) terms.set(tensor, [gradient])
  const gradientOf = (tensor: string): Gradient => {
    const own = terms.get(tensor)
    if (own === undefined) return undefined
    const known = gradients.get(tensor) ?? graph.sum(own)
    gradients.set(tensor, known)
    return known
  }
  for (const node of nodes.toReversed()) {
    const deltas = node.outputs.map(gradientOf)
    if (deltas.every((delta) => delta === undefined)) continue
    const found = rules[node.op]!.differentiate(node, deltas, graph)
    visit(node, deltas, found)
    for (const [k, gradient] of found.entries()) {
      const input = node.inputs[k] ?? ''
      if (gradient === undefined || !tensors.has(input)) continue
      terms.set(input, [...(terms.get(input) ?? []), gradient])
    }
  }
  for (const tensor of terms.keys()) gradientOf(tensor)
  return gradients
}

function differentiableInputs(node: OnnxNode): string[] {
  const constant = (isStandard(node) ? rules[node.op]?.constantInputs : undefined) ?? []
  return node.inputs.filter((input, k) => input !== '' && !constant.includes(k))
}

const isStandard = ({ domain }: OnnxNode): boolean => domain === ''

function refuseUnsupported(nodes: readonly OnnxNode[]): void {
  const refused = new Map<string, string[]>()
  for (const node of nodes) {
    if (isStandard(node) && Object.hasOwn(rules, node.op)) continue
    const op = isStandard(node) ? node.op : `${node.domain}.${node.op}`
    refused.set(op, [...(refused.get(op) ?? []), describeNode(node)])
  }
  if (refused.size === 0) return
  const list = [...refused].map(([op, names]) => `${op} (${names.join(', ')})`)
  const [first] = refused.keys()
  throw new UnsupportedError(
    first!,
    `model: its gradient goes through operators that have no backward rule: ${list.join('; ')}. ` +
      'Export the model with other operators, or attribute to a layer after them.',
  )
}

/** A node's name, or that of its first output, in quotes. */
export const describeNode = ({ name, outputs }: OnnxNode): string =>
  `'${name === '' ? (outputs[0] ?? '') : name}'`
