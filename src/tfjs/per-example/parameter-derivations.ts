import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import { materializeSegment } from './materialize-segment.js'
import type { ParameterTrace } from './parameter-trace.js'
import { backpropagate, findDependents } from '../engine/tape.js'
import type { TensorSegment } from './tensor-segment.js'

/** The kernels whose calls must be on the tape for this module. */
export const derivationKernels: readonly string[] = ['Transpose', 'Slice']

/**
 * The gradients by parameters, from those by tensors that are computed from parameters and
 * constants. An op that only moves elements keeps a segment's layout. Any other op is
 * differentiated once per example, with a dense gradient.
 *
 * @param uses the segments of each such tensor, by its id
 * @returns segments under the parameters' names
 */
export function pullBack(
  { derivations, parameterOf }: ParameterTrace,
  uses: ReadonlyMap<number, readonly TensorSegment[]>,
  batchSize: number,
): TensorSegment[] {
  const segments = new Map(uses)
  const seeds = new Map<number, { shape: number[]; values: Tensor }>()
  const result: TensorSegment[] = []
  for (const node of derivations.toReversed()) {
    for (const output of node.outputs) {
      const own = segments.get(output.id)
      if (own === undefined) continue
      const source = node.inputs['x']
      if (source === undefined || !derivationKernels.includes(node.kernelName)) {
        seeds.set(output.id, { shape: output.shape, values: tf.addN(own.map(materializeSegment)) })
        continue
      }
      const moved = own.map((segment) => moveBack(node, segment))
      const parameter = parameterOf.get(source.id)
      if (parameter !== undefined) {
        result.push(...moved.map((segment) => ({ ...segment, parameter })))
      } else segments.set(source.id, [...(segments.get(source.id) ?? []), ...moved])
    }
  }
  return seeds.size === 0
    ? result
    : [...result, ...differentiate({ derivations, parameterOf }, seeds, batchSize)]
}

/**
 * One example at a time: these ops have no batch axis. The cost is that of the parameters' size.
 */
function differentiate(
  { derivations, parameterOf }: Pick<ParameterTrace, 'derivations' | 'parameterOf'>,
  seeds: ReadonlyMap<number, { readonly shape: number[]; readonly values: Tensor }>,
  batchSize: number,
): TensorSegment[] {
  const wanted = findDependents(derivations, parameterOf.keys())
  const byExample = Array.from({ length: batchSize }, (_, example) => {
    const own = [...seeds].map(
      ([id, { shape, values }]) => [id, tf.slice(values, example, 1).reshape(shape)] as const,
    )
    return backpropagate(derivations, { seeds: new Map(own), wanted })
  })
  return [...parameterOf].flatMap(([id, parameter]): TensorSegment[] => {
    const gradients = byExample.map((own) => own.get(id)?.flatten())
    if (!gradients.every((gradient) => gradient !== undefined)) return []
    const values = tf.stack(gradients)
    return [{ kind: 'dense', parameter, size: values.shape[1]!, values }]
  })
}

function moveBack(node: TapeNode, segment: TensorSegment): TensorSegment {
  const moved = node.kernelName === 'Transpose' ? transposeBack : sliceBack
  return moved(node, segment) ?? moved(node, toDense(segment))!
}

function toDense(segment: TensorSegment): TensorSegment {
  const values = materializeSegment(segment)
  return { kind: 'dense', parameter: segment.parameter, size: values.shape[1]!, values }
}

function transposeBack(
  { call, outputs }: TapeNode,
  segment: TensorSegment,
): TensorSegment | undefined {
  const perm = call!.attributes['perm'] as readonly number[]
  const { shape } = outputs[0]!
  if (segment.kind === 'factored' && shape.length === 2) {
    const { a, delta, inputSize, outputSize } = segment
    return { ...segment, a: delta, delta: a, inputSize: outputSize, outputSize: inputSize }
  }
  if (segment.kind !== 'dense') return undefined
  const back = shape.map((_, axis) => perm.indexOf(axis) + 1)
  const values = tf.transpose(segment.values.reshape([-1, ...shape]), [0, ...back])
  return { ...segment, values: values.reshape([-1, segment.size]) }
}

/** The elements that the slice left out get zeros. */
function sliceBack(
  { call, inputs, outputs }: TapeNode,
  segment: TensorSegment,
): TensorSegment | undefined {
  const begin = call!.attributes['begin'] as readonly number[]
  const full = inputs['x']!.shape
  const { shape } = outputs[0]!
  const paddings = begin.map(
    (start, axis) => [start, full[axis]! - start - shape[axis]!] as [number, number],
  )
  if (segment.kind === 'factored' && shape.length === 2) {
    const [inputSize, outputSize] = full as [number, number]
    const pad = (x: Tensor, axis: number): Tensor => tf.pad(x, [[0, 0], [0, 0], paddings[axis]!])
    const [a, delta] = [pad(segment.a, 0), pad(segment.delta, 1)]
    return { ...segment, inputSize, outputSize, a, delta }
  }
  if (segment.kind !== 'dense') return undefined
  const values = tf.pad(segment.values.reshape([-1, ...shape]), [[0, 0], ...paddings])
  const size = tf.util.sizeFromShape([...full])
  return { ...segment, size, values: values.reshape([-1, size]) }
}
