import { readInts } from './attributes.js'
import type { OnnxNode } from './onnx-model.js'

/** Operators whose input has the channels first. */
const channelsFirst: ReadonlySet<string> = new Set([
  'AveragePool',
  'BatchNormalization',
  'Conv',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'MaxPool',
])

/** Operators that leave the axes where they are. */
const elementwise: ReadonlySet<string> = new Set([
  'Add',
  'Cast',
  'Clip',
  'Div',
  'Mul',
  'Pad',
  'Sub',
])

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
    if (!elementwise.has(node.op)) return undefined
    tensor = node.outputs[0]!
  }
  return undefined
}
