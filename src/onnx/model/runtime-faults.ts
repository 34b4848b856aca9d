import { readInt, readInts, toAttributes } from './attributes.js'
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnx-model.js'

type Part = Pick<OnnxGraph, 'nodes' | 'constants'>

/** Replaces operators that ONNX Runtime 1.30 computes wrongly on some devices by others with the same result. */
export function avoidRuntimeFaults(graph: Part): Part {
  const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    if (node.domain !== '') return [node]
    const empty = reduceNothing(node, graph.constants)
    return empty === undefined ? splitGroups(node) : [empty]
  })
  return { nodes, constants: graph.constants }
}

/** Reductions over no axes, by what is left of them. WebGPU leaves it out. */
const withoutAxes: Readonly<Record<string, string | undefined>> = {
  ReduceL1: 'Abs',
  ReduceL2: 'Abs',
  ReduceLogSum: 'Log',
}

function reduceNothing(
  node: OnnxNode,
  constants: ReadonlyMap<string, OnnxTensor>,
): OnnxNode | undefined {
  if (readInt(node, 'noop_with_empty_axes', 0) === 0) return undefined
  const axes = node.inputs[1] ?? ''
  if (axes !== '' && constants.get(axes)?.bytes.length !== 0) return undefined
  const [x] = node.inputs as [string]
  if (node.op === 'ReduceSumSquare') {
    return { ...node, op: 'Mul', inputs: [x, x], attributes: {} }
  }
  const op = withoutAxes[node.op]
  return op === undefined ? undefined : { ...node, op, inputs: [x], attributes: {} }
}

/** WebGPU returns wrong numbers for a strided transposed convolution with groups: each group gets its own. */
function splitGroups(node: OnnxNode): readonly OnnxNode[] {
  const group = readInt(node, 'group', 1)
  const isStrided = readInts(node, 'strides')?.some((stride) => stride > 1) === true
  if (node.op !== 'ConvTranspose' || group === 1 || !isStrided) return [node]
  const [output] = node.outputs as [string]
  const parts = Array.from({ length: group }, (_, k) => k)
  const split = (input: string, axis: number): OnnxNode => ({
    ...{ name: `gradlens/groups of ${input} for ${output}`, op: 'Split', domain: '' },
    inputs: [input],
    outputs: parts.map((k) => `gradlens/group ${k} of ${input} for ${output}`),
    attributes: toAttributes({ axis, num_outputs: group }),
  })
  const [x, w, bias = ''] = node.inputs as [string, string, string?]
  const inputs = [split(x, 1), split(w, 0), ...(bias === '' ? [] : [split(bias, 0)])]
  const convolutions = parts.map((k): OnnxNode => ({
    ...node,
    name: `${node.name}/group ${k}`,
    inputs: inputs.map(({ outputs }) => outputs[k]!),
    outputs: [`gradlens/group ${k} of ${output}`],
    attributes: { ...node.attributes, ...toAttributes({ group: 1 }) },
  }))
  return [
    ...inputs,
    ...convolutions,
    {
      ...{ name: node.name, op: 'Concat', domain: '' },
      inputs: convolutions.map(({ outputs }) => outputs[0]!),
      outputs: [output],
      attributes: toAttributes({ axis: 1 }),
    },
  ]
}
