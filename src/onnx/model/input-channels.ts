import { readInts } from './attributes.js'
import type { OnnxNode } from './onnx-model.js'

/** Operators whose input has the channels first. */
const channelsFirst: ReadonlySet<string> = new Set([
  'AveragePool',
  'BatchNormalization',
  'Conv',
  'ConvTranspose',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'MaxPool',
])

/** Operators that leave positions where they are. */
const positionwise: ReadonlySet<string> = new Set([
  ...['Add', 'Div', 'Max', 'Mean', 'Min', 'Mul', 'Pow', 'Sub', 'Sum'],
  ...['BatchNormalization', 'InstanceNormalization', 'Cast', 'Clip', 'Dropout', 'Identity'],
  ...['Celu', 'Elu', 'Erf', 'Exp', 'Gelu', 'HardSigmoid', 'HardSwish', 'LeakyRelu', 'Log', 'Mish'],
  ...['Neg', 'PRelu', 'Reciprocal', 'Relu', 'Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Sqrt'],
  'Tanh',
])

/** True for an operator that leaves positions where they are. */
export const isPositionwise = (op: string): boolean => positionwise.has(op)

/**
 * Finds whether an image has its channels first or last, by the first convolution, pooling or normalization that
 * takes it; undefined if it reaches none.
 */
export function findChannels(
  nodes: readonly OnnxNode[],
  input: string,
): 'first' | 'last' | undefined {
  let tensor = input
  for (const node of nodes) {
    if (node.inputs[0] !== tensor && node.inputs[1] !== tensor) continue
    if (node.op === 'Transpose') {
      const perm = readInts(node, 'perm') ?? []
      return perm.length > 2 && perm[1] === perm.length - 1 ? 'last' : undefined
    }
    if (channelsFirst.has(node.op)) return 'first'
    if (node.op !== 'Pad' && !isPositionwise(node.op)) return undefined
    tensor = node.outputs[0]!
  }
  return undefined
}

/**
 * Finds whether a tensor within the model has its channels first, by the convolution, pooling or normalization that it
 * comes from or goes into; undefined if elementwise operators lead to none.
 */
export function findChannelsAt(nodes: readonly OnnxNode[], tensor: string): 'first' | undefined {
  const seen = new Set<string>()
  for (let at: string | undefined = tensor; at !== undefined && !seen.has(at);) {
    seen.add(at)
    const name: string = at
    const maker = nodes.find(({ outputs }) => outputs.includes(name))
    if (maker === undefined) break
    if (channelsFirst.has(maker.op)) return 'first'
    at = isPositionwise(maker.op) ? maker.inputs.find((input) => input !== '') : undefined
  }
  const next = nodes.find(({ inputs }) => inputs[0] === tensor)
  return next !== undefined && channelsFirst.has(next.op) ? 'first' : undefined
}
