import { UnsupportedError } from '../../errors.js'
import { readInt, toAttributes } from './attributes.js'
import {
  type ElementType,
  elementTypes,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from './onnx-model.js'
import { avoidRuntimeFaults } from './runtime-faults.js'
import { createTensor, isFloat } from './tensor-data.js'

/**
 * Simplifies a model: `Constant` nodes become constants, an `Identity` of a constant or input is replaced by what it
 * copies, dropout is left out, floats of 16 and 64 bits become float32, and nodes that no output needs are removed.
 *
 * @returns the model, and the tensors that were replaced, each with what it copies
 * @throws UnsupportedError for control flow
 */
export function normalizeModel(
  model: OnnxModel,
  outputs: readonly string[],
): { readonly model: OnnxModel; readonly aliases: ReadonlyMap<string, string> } {
  const { graph } = model
  const constants = new Map(graph.constants)
  const copies = new Map<string, string>()
  const own = new Set(outputs)
  const sourceOf = (name: string): string => copies.get(name) ?? name
  const nodes: OnnxNode[] = []
  for (const given of graph.nodes) {
    const node = { ...given, inputs: given.inputs.map(sourceOf) }
    const constant = node.domain === '' && node.op === 'Constant' ? readConstant(node) : undefined
    if (constant !== undefined) constants.set(node.outputs[0]!, constant)
    else if (isCopy(node, constants) && !own.has(node.outputs[0]!)) {
      copies.set(node.outputs[0]!, node.inputs[0]!)
    } else nodes.push(asFloat32(node))
  }
  refuseControlFlow(nodes)
  const needed = keepNeeded(avoidRuntimeFaults({ nodes, constants }), outputs)
  const simple: OnnxModel = {
    ...model,
    graph: {
      ...graph,
      ...needed,
      inputs: graph.inputs.map((input) =>
        isFloat(input.type) ? { ...input, type: 'float32' } : input,
      ),
    },
  }
  return { model: simple, aliases: copies }
}

/** Removes the nodes and constants that these tensors don't depend on. */
export function keepNeeded(
  { nodes, constants }: Pick<OnnxGraph, 'nodes' | 'constants'>,
  outputs: Iterable<string>,
): Pick<OnnxGraph, 'nodes' | 'constants'> {
  const needed = new Set(outputs)
  const kept: OnnxNode[] = []
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue
    for (const input of inputsOf(node)) needed.add(input)
    kept.push(node)
  }
  return {
    nodes: kept.reverse(),
    constants: new Map([...constants].filter(([name]) => needed.has(name))),
  }
}

/** A node's inputs, and what a graph within it may see. */
function inputsOf({ inputs, attributes }: OnnxNode): string[] {
  const bodies = Object.values(attributes).flatMap((attribute) =>
    attribute.kind === 'graph' ? attribute.value.nodes.flatMap(inputsOf) : [],
  )
  return [...inputs, ...bodies]
}

/** True for a copy of a tensor, and for a dropout that isn't in training mode. */
function isCopy(node: OnnxNode, constants: ReadonlyMap<string, OnnxTensor>): boolean {
  if (node.domain !== '') return false
  if (node.op === 'Identity') return true
  if (node.op !== 'Dropout' || (node.outputs[1] ?? '') !== '') return false
  const mode = node.inputs[2] ?? ''
  return mode === '' || constants.get(mode)?.bytes[0] === 0
}

/** Returns the value of a Constant. */
export function readConstant({ attributes, name }: OnnxNode): OnnxTensor {
  const [kind = '', attribute] = Object.entries(attributes)[0] ?? []
  switch (attribute?.kind) {
    case 'tensor':
      return attribute.value
    case 'float':
      return createTensor('float32', [attribute.value], [])
    case 'int':
      return createTensor('int64', [attribute.value], [])
    case 'floats':
      return createTensor('float32', attribute.value, [attribute.value.length])
    case 'ints':
      return createTensor('int64', attribute.value, [attribute.value.length])
    default:
      throw new UnsupportedError(
        'Constant',
        `node '${name}': a Constant with ${kind === '' ? 'no value' : `the attribute '${kind}'`} is not supported.`,
      )
  }
}

/** Lets a node compute in float32 what its attributes say is another float. */
function asFloat32(node: OnnxNode): OnnxNode {
  const name = node.op === 'Cast' ? 'to' : 'dtype'
  const number = readInt(node, name, 1)
  const type = elementTypes[number as keyof typeof elementTypes] as ElementType | undefined
  if (node.domain !== '' || type === undefined || type === 'float32' || !isFloat(type)) return node
  return { ...node, attributes: { ...node.attributes, ...toAttributes({ [name]: 1 }) } }
}

function refuseControlFlow(nodes: readonly OnnxNode[]): void {
  const refused = nodes.filter(({ attributes }) =>
    Object.values(attributes).some(({ kind }) => kind === 'other'),
  )
  if (refused.length === 0) return
  const list = refused.map(({ op, name, outputs }) => `${op} '${name === '' ? outputs[0]! : name}'`)
  throw new UnsupportedError(
    refused[0]!.op,
    `model: operators with graphs of their own are not supported: ${list.join(', ')}. Export the model without loops ` +
      'and conditions, for example with fixed lengths.',
  )
}
