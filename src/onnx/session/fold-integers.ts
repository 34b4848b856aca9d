import { readInt } from '../model/attributes.js'
import type { OnnxGraph, OnnxModel, OnnxNode } from '../model/onnx-model.js'
import { createTensor } from '../model/tensor-data.js'
import { CompiledGraph } from '../runtime/compiled-graph.js'
import type { OnnxRuntime } from '../runtime/runtime.js'
import { devicesOf, openRuntimeDevice } from '../runtime/runtime-devices.js'

/** Operators whose outputs are int64 if all their inputs are. */
const ofIntegers: ReadonlySet<string> = new Set([
  ...['Add', 'Concat', 'Div', 'Expand', 'Gather', 'Identity', 'Mul', 'Neg', 'Range', 'Reshape'],
  ...['Slice', 'Squeeze', 'Sub', 'Transpose', 'Unsqueeze'],
])

const int64Type = 7

/**
 * Replaces integers that depend on no input by constants, as exporters leave them in unfolded models: the widths of
 * paddings, for example. ONNX Runtime computes them. Other constants, and so the parameters, stay as they are.
 */
export async function foldIntegers(ort: OnnxRuntime, model: OnnxModel): Promise<OnnxModel> {
  const { graph, opsets } = model
  const known = new Set<string>()
  for (const [name, { type }] of graph.constants) if (type === 'int64') known.add(name)
  const folded = new Set<OnnxNode>()
  for (const node of graph.nodes) {
    if (!isKnown(node, known, graph)) continue
    folded.add(node)
    known.add(node.outputs[0]!)
  }
  // A single constant is what it is already.
  const computed = [...folded].filter(({ op }) => op !== 'Constant')
  const others = graph.nodes.filter((node) => !folded.has(node))
  const used = new Set(others.flatMap(({ inputs }) => inputs))
  // An output of the model stays computed, since a constant cannot be one.
  const outputs = computed
    .map(({ outputs: [name] }) => name!)
    .filter((name) => used.has(name) && !graph.outputs.includes(name))
  if (outputs.length === 0) return model
  const values = await compute(ort, { nodes: [...folded], outputs, graph, opsets })
  const nodes = graph.nodes.filter(({ outputs: [name] }) => !values.has(name!))
  return {
    ...model,
    graph: { ...graph, nodes, constants: new Map([...graph.constants, ...values]) },
  }
}

function isKnown(node: OnnxNode, known: ReadonlySet<string>, { constants }: OnnxGraph): boolean {
  const { op, domain, inputs, outputs, attributes } = node
  if (domain !== '' || outputs.length !== 1) return false
  if (op === 'Shape') return constants.has(inputs[0]!) || known.has(inputs[0]!)
  if (!inputs.every((name) => name === '' || known.has(name))) return false
  const { value } = attributes
  switch (op) {
    case 'Constant':
      return (
        'value_int' in attributes ||
        'value_ints' in attributes ||
        (value?.kind === 'tensor' && value.value.type === 'int64')
      )
    case 'ConstantOfShape':
      return value?.kind === 'tensor' && value.value.type === 'int64'
    case 'Cast':
      return readInt(node, 'to', 0) === int64Type
    default:
      return ofIntegers.has(op)
  }
}

interface Computed {
  readonly nodes: readonly OnnxNode[]
  readonly outputs: readonly string[]
  readonly graph: OnnxGraph
  readonly opsets: ReadonlyMap<string, number>
}

async function compute(
  ort: OnnxRuntime,
  { nodes, outputs, graph, opsets }: Computed,
): Promise<Map<string, ReturnType<typeof createTensor>>> {
  const used = new Set(nodes.flatMap(({ inputs }) => inputs))
  const constants = new Map([...graph.constants].filter(([name]) => used.has(name)))
  const device = await openRuntimeDevice(ort, devicesOf(ort).at(-1)!, true)
  const written = { opsets, graph: { nodes, constants, inputs: [], outputs } }
  const compiled = await CompiledGraph.create(device, written)
  try {
    const results = await compiled.run(new Map())
    return new Map(
      [...results].map(([name, { data, shape }]) => [name, createTensor('int64', data, shape)]),
    )
  } finally {
    await compiled.release()
  }
}
