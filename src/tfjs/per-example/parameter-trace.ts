import type { TapeNode } from '../engine/engine.js'
import { inputsOf } from '../engine/tape.js'
import type { BatchPlacements } from './batch-placements.js'

/**
 * One piece of a split parameter: `length` of its owner's indices along `axis`, from `begin` on.
 */
export interface ParameterPart {
  readonly owner: string
  readonly axis: number
  readonly begin: number
  readonly length: number
  readonly ownerShape: readonly number[]
}

/** The tensors of a tape that come from parameters alone. */
export interface ParameterTrace {
  /** By tensor id, the name of the parameter of which it has all elements in their order. */
  readonly parameterOf: ReadonlyMap<number, string>
  /** Pieces of split parameters that count as parameters of their own. */
  readonly parts: ReadonlyMap<string, ParameterPart>
  /**
   * The nodes that compute anything else from parameters and constants, in the order of the tape.
   */
  readonly derivations: readonly TapeNode[]
  /** The tensors that `derivations` compute. */
  readonly derived: ReadonlySet<number>
}

/**
 * Follows the parameters to the nodes where they meet the batch.
 *
 * @param parameters the parameters' names by the ids of their tensors
 * @param splits true if the pieces of a split parameter count as parameters of their own
 */
export function traceParameters(
  tape: readonly TapeNode[],
  parameters: ReadonlyMap<number, string>,
  placements: BatchPlacements,
  splits: boolean,
): ParameterTrace {
  const parameterOf = new Map(parameters)
  const parts = new Map<string, ParameterPart>()
  const derivations: TapeNode[] = []
  const derived = new Set<number>()
  for (const node of tape) {
    if (node.outputs.some(({ id }) => placements.has(id))) continue
    const isOwn = inputsOf(node).some(([, { id }]) => parameterOf.has(id) || derived.has(id))
    if (!isOwn) continue
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
  return { parameterOf, parts, derivations, derived }
}

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
