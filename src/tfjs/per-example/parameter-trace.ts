import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import { inputsOf } from '../engine/tape.js'

export interface ParameterPart {
  readonly owner: string
  readonly axis: number
  readonly begin: number
  readonly length: number
  readonly ownerShape: readonly number[]
}

/** What on a tape comes from parameters alone, and what carries the batch. */
export interface ParameterTrace {
  /** The parameters, and what has their elements in their order, by tensor: the name. */
  readonly parameterOf: ReadonlyMap<number, string>
  /** Pieces of split parameters that count as parameters of their own. */
  readonly parts: ReadonlyMap<string, ParameterPart>
  /** Computed from parameters alone in another way: in the order of the tape. */
  readonly derivations: readonly TapeNode[]
  /** The tensors that `derivations` give. */
  readonly derived: ReadonlySet<number>
  /** The tensors that carry the batch. */
  readonly withBatch: ReadonlySet<number>
}

/**
 * Follows the parameters to where they meet the examples.
 *
 * @param splits true if the pieces of a split parameter are to count as parameters of their own
 */
export function traceParameters(
  tape: readonly TapeNode[],
  parameters: ReadonlyMap<number, string>,
  dataIds: readonly number[],
  batchSize: number,
  splits: boolean,
): ParameterTrace {
  const parameterOf = new Map(parameters)
  const parts = new Map<string, ParameterPart>()
  const derivations: TapeNode[] = []
  const derived = new Set<number>()
  const withBatch = new Set(dataIds)
  const isOwn = (id: number): boolean => parameterOf.has(id) || derived.has(id)
  for (const node of tape) {
    const inputs = inputsOf(node)
    const carriesBatch =
      inputs.some(([, input]) => withBatch.has(input.id)) || startsBatch(node, isOwn, batchSize)
    if (carriesBatch) {
      for (const output of node.outputs) withBatch.add(output.id)
      continue
    }
    if (!inputs.some(([, input]) => isOwn(input.id))) continue
    const source = node.inputs['x']
    const parameter = source === undefined ? undefined : parameterOf.get(source.id)
    if (parameter === undefined || !isPassage(node)) {
      const isSplit = node.kernelName === 'SplitV' && splits
      if (parameter === undefined || !isSplit || parts.has(parameter)) {
        derivations.push(node)
        for (const output of node.outputs) derived.add(output.id)
        continue
      }
      for (const [id, name, part] of piecesOf(node, parameter)) {
        parts.set(name, part)
        parameterOf.set(id, name)
      }
      continue
    }
    for (const output of node.outputs) parameterOf.set(output.id, parameter)
  }
  return { parameterOf, parts, derivations, derived, withBatch }
}

/**
 * A state of zeros that a matrix or a filter meets or a vector is added to, or a tiled vector, has the batch as its
 * first axis without any example in it.
 */
function startsBatch(
  { kernelName, inputs, outputs }: TapeNode,
  isOwn: (id: number) => boolean,
  batchSize: number,
): boolean {
  const [output] = outputs
  const present = Object.values(inputs as Record<string, Tensor | null>).filter(
    (input) => input != null,
  )
  if (output === undefined || !present.some((input) => isOwn(input.id))) return false
  if (kernelName === 'BatchMatMul') {
    const { a, b } = inputs as { a: Tensor; b: Tensor }
    const exampleCount = tf.util.sizeFromShape(a.shape.slice(0, -1))
    const hasBatch = a.shape[0] === batchSize || exampleCount === batchSize
    return hasBatch && isOwn(b.id) && !isOwn(a.id)
  }
  if (output.shape[0] !== batchSize) return false
  const { x, filter } = inputs
  if (filter !== undefined) return isOwn(filter.id) && x?.shape[0] === batchSize && !isOwn(x.id)
  if (kernelName === 'Tile') return batchSize === 1 || present[0]?.shape[0] === 1
  if (!elementwise.has(kernelName)) return false
  const hasBatch = ({ shape, rank }: Tensor): boolean =>
    rank > 1 && rank === output.rank && shape[0] === batchSize
  const [own, others] = [true, false].map((wanted) =>
    present.filter((input) => isOwn(input.id) === wanted),
  )
  return others!.some(hasBatch) && (batchSize === 1 || !own!.some(hasBatch))
}

const elementwise: ReadonlySet<string> = new Set(['Add', 'Sub', 'Multiply'])

/** True if the elements keep their order. */
function isPassage({ kernelName, call }: TapeNode): boolean {
  if (kernelName !== 'Transpose') return orderPreserving.has(kernelName)
  const permutation = call?.attributes['perm'] as readonly number[] | undefined
  return permutation?.every((axis, position) => axis === position) ?? false
}

const orderPreserving: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'Cast', 'ExpandDims'])

function* piecesOf(
  { inputs, outputs, call }: TapeNode,
  owner: string,
): Generator<[number, string, ParameterPart]> {
  const axis = call!.attributes['axis'] as number
  let begin = 0
  for (const [k, output] of outputs.entries()) {
    const length = output.shape[axis]!
    const ownerShape = inputs['x']!.shape
    yield [output.id, `${owner}[${k}]`, { owner, axis, begin, length, ownerShape }]
    begin += length
  }
}
