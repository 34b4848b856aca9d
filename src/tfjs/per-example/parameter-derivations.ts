import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import { materializeSegment } from './materialize-segment.js'
import { moveBack } from './move-back.js'
import type { ParameterTrace } from './parameter-trace.js'
import { backpropagate, findDependents, inputsOf } from '../engine/tape.js'
import type { TensorSegment } from './tensor-segment.js'

/**
 * The gradients by parameters, from those by tensors that are computed from parameters and
 * constants. Linear ops move a segment to their inputs. Any other op is differentiated once per
 * example, with a dense gradient.
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
  const reached = findDependents(derivations, parameterOf.keys())
  for (const node of derivations.toReversed()) {
    const wanted = inputsOf(node).filter(([, { id }]) => reached.has(id))
    for (const output of node.outputs) {
      const own = segments.get(output.id)
      if (own === undefined) continue
      const moved = moveAll(node, wanted, own)
      if (moved === undefined) {
        seeds.set(output.id, { shape: output.shape, values: tf.addN(own.map(materializeSegment)) })
        continue
      }
      for (const [{ id }, segment] of moved) {
        const parameter = parameterOf.get(id)
        if (parameter !== undefined) result.push({ ...segment, parameter })
        else segments.set(id, [...(segments.get(id) ?? []), segment])
      }
    }
  }
  return seeds.size === 0
    ? result
    : [...result, ...differentiate({ derivations, parameterOf, reached }, seeds, batchSize)]
}

/** The segments at the wanted inputs; undefined if one of them has to be differentiated. */
function moveAll(
  node: TapeNode,
  wanted: readonly (readonly [string, Tensor])[],
  segments: readonly TensorSegment[],
): (readonly [Tensor, TensorSegment])[] | undefined {
  if (node.outputs.length > 1) return undefined
  const moved: (readonly [Tensor, TensorSegment])[] = []
  for (const segment of segments) {
    for (const [input, tensor] of wanted) {
      const own =
        moveBack({ node, input, segment }) ?? moveBack({ node, input, segment: toDense(segment) })
      if (own === undefined) return undefined
      moved.push([tensor, own])
    }
  }
  return moved
}

/**
 * One example at a time: these ops have no batch axis. The cost is that of the parameters' size.
 */
function differentiate(
  {
    derivations,
    parameterOf,
    reached,
  }: Pick<ParameterTrace, 'derivations' | 'parameterOf'> & {
    readonly reached: ReadonlySet<number>
  },
  seeds: ReadonlyMap<number, { readonly shape: number[]; readonly values: Tensor }>,
  batchSize: number,
): TensorSegment[] {
  const byExample = Array.from({ length: batchSize }, (_, example) => {
    const own = [...seeds].map(
      ([id, { shape, values }]) => [id, tf.slice(values, example, 1).reshape(shape)] as const,
    )
    return backpropagate(derivations, {
      seeds: new Map(own),
      wanted: reached,
      returned: parameterOf,
    })
  })
  return [...parameterOf].flatMap(([id, parameter]): TensorSegment[] => {
    const gradients = byExample.map((own) => own.get(id)?.flatten())
    if (!gradients.every((gradient) => gradient !== undefined)) return []
    const values = tf.stack(gradients)
    return [{ kind: 'dense', parameter, size: values.shape[1]!, values }]
  })
}

function toDense(segment: TensorSegment): TensorSegment {
  if (segment.kind === 'dense') return segment
  const values = materializeSegment(segment)
  return { kind: 'dense', parameter: segment.parameter, size: values.shape[1]!, values }
}
