import { UnsupportedError } from '../../errors.js'
import type { OnnxNode } from './onnx-model.js'

const randomOps: ReadonlySet<string> = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
])

/** Operators of sequences and optional values. */
const containerOps: ReadonlySet<string> = new Set([
  'ConcatFromSequence',
  'Optional',
  'OptionalGetElement',
  'OptionalHasElement',
  'SequenceAt',
  'SequenceConstruct',
  'SequenceEmpty',
  'SequenceErase',
  'SequenceInsert',
  'SequenceLength',
  'SplitToSequence',
])

/**
 * Refuses models that can't be explained whatever output is chosen.
 *
 * @param nodes those on which the output depends
 * @throws UnsupportedError that lists the nodes, for operators that draw random numbers, of sequences, and of training
 */
export function refuseOperators(nodes: readonly OnnxNode[]): void {
  refuse(
    nodes.filter(({ op, domain }) => domain === '' && randomOps.has(op)),
    'it draws random numbers',
    'It has no gradient to explain. Export the mean instead of a sample, and without dropout.',
  )
  refuse(
    nodes.filter(({ op, domain }) => domain === '' && containerOps.has(op)),
    'it has sequences or optional values',
    'Export the model with tensors only, for example with Concat and Split.',
  )
  refuse(
    nodes.filter(({ domain }) => domain.endsWith('training')),
    'it has operators of training',
    'Export the model for inference.',
  )
}

function refuse(nodes: readonly OnnxNode[], why: string, advice: string): void {
  if (nodes.length === 0) return
  const list = nodes.map(({ op, name, outputs }) => `${op} '${name === '' ? outputs[0]! : name}'`)
  throw new UnsupportedError(nodes[0]!.op, `model: ${why} (${list.join(', ')}). ${advice}`)
}
