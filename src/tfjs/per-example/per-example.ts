import type { Tensor } from '@tensorflow/tfjs'
import type { LayerBias } from '../../gradients/block.js'
import type { TapeNode } from '../engine/engine.js'
import { backpropagate, findDependents, inputsOf } from '../engine/tape.js'
import type { KernelCall } from '../kernel.js'
import {
  type BatchPlacements,
  isSettled,
  placedKernels,
  type Unsettled,
} from './batch-placements.js'
import { joinUses } from './join-uses.js'
import { findLayerBiases } from './layer-biases.js'
import { movedKernels } from './move-back.js'
import { findOneHots, oneHotKernels, type OneHots } from './one-hot-rule.js'
import { pullBack } from './parameter-derivations.js'
import { type ParameterPart, type ParameterTrace, traceParameters } from './parameter-trace.js'
import { perExampleRules } from './per-example-rules.js'
import type { TensorSegment } from './tensor-segment.js'

/** The kernels whose calls must be on the tape for this module. */
export const ruledKernels: readonly string[] = [
  ...Object.keys(perExampleRules),
  ...movedKernels,
  ...placedKernels,
  ...oneHotKernels,
  'SplitV',
]

/** Gradients by parameter. The pieces of a split parameter count as parameters of their own. */
export interface PerExampleGradients {
  readonly segments: readonly TensorSegment[]
  /** The pieces, by the names that the segments give them. Whole parameters are left out. */
  readonly parts: ReadonlyMap<string, ParameterPart>
}

/** The first use of a parameter that keeps the examples of a batch from being separated. */
export interface Unseparated {
  /** Which op, which parameter and why, as part of a sentence. */
  readonly reason: string
  /** Set if all that is missing is the order of the examples in the op's output. */
  readonly order?: Unsettled['order']
}

/** The gradients of whole parameters by name, those of split ones cut into their pieces. */
export function splitIntoParts(
  wholes: ReadonlyMap<string, Tensor>,
  parts: ReadonlyMap<string, ParameterPart>,
): Map<string, Tensor> {
  const split = new Set([...parts.values()].map(({ owner }) => owner))
  const result = new Map([...wholes].filter(([name]) => !split.has(name)))
  for (const [name, { owner, axis, begin, length, ownerShape }] of parts) {
    const whole = wholes.get(owner)!.reshape([...ownerShape])
    const start = ownerShape.map((_, k) => (k === axis ? begin : 0))
    const size = ownerShape.map((full, k) => (k === axis ? length : full))
    result.set(name, whole.slice(start, size))
  }
  return result
}

/**
 * The gradients of each example, from one backward pass: per use of a parameter a and δ.
 *
 * @param parameters the trainable parameters' names by their tensors' ids
 * @param seeds the gradients that the backward pass starts from
 */
export function computePerExampleGradients(
  tape: readonly TapeNode[],
  parameters: ReadonlyMap<number, string>,
  placements: BatchPlacements,
  seeds: ReadonlyMap<number, Tensor>,
  { exampleCount: batchSize, keepsFactors }: Batch,
): PerExampleGradients | Unseparated {
  const backward = { tape, placements, seeds, batchSize, keepsFactors }
  const trace = traceParameters(tape, parameters, placements, true)
  const gradients = collectSegments(trace, parameters, backward)
  // A parameter that is used both whole and in pieces has products between the two that no form
  // keeps apart.
  const isMixed =
    'uses' in gradients && [...trace.parts.values()].some(({ owner }) => gradients.uses.has(owner))
  const final = isMixed
    ? collectSegments(traceParameters(tape, parameters, placements, false), parameters, backward)
    : gradients
  if ('reason' in final) return final
  const { biases } = final
  const segments = [...final.uses.values()]
    .flatMap((uses) => joinUses(uses, keepsFactors))
    .map((segment) => {
      const bias = keepsFactors ? biases.get(segment.parameter) : undefined
      const hasBias = segment.kind === 'factored' || segment.kind === 'convolution'
      return bias !== undefined && hasBias ? { ...segment, bias } : segment
    })
  return { segments, parts: isMixed ? new Map() : trace.parts }
}

interface Batch {
  readonly exampleCount: number
  /** True if factors are kept also where the gradients themselves are smaller. */
  readonly keepsFactors: boolean
}

interface BackwardPass {
  readonly tape: readonly TapeNode[]
  readonly placements: BatchPlacements
  readonly seeds: ReadonlyMap<number, Tensor>
  readonly batchSize: number
  readonly keepsFactors: boolean
}

/** The segments of each parameter, or of each of its pieces. */
function collectSegments(
  trace: ParameterTrace,
  parameters: ReadonlyMap<number, string>,
  { tape, placements, seeds, batchSize, keepsFactors }: BackwardPass,
): Uses | Unseparated {
  const { parameterOf, derived } = trace
  const wanted = findDependents(tape, parameters.keys())
  for (const id of [...parameterOf.keys(), ...derived]) wanted.delete(id)

  const oneHots = findOneHots(tape)
  const uses = new Map<string, TensorSegment[]>()
  const derivedUses = new Map<number, TensorSegment[]>()
  let unseparated: Unseparated | undefined
  const visited: TapeNode[] = []
  const visit = (node: TapeNode, delta: Tensor): void => {
    visited.push(node)
    for (const [parameterInput, input] of inputsOf(node)) {
      if (unseparated !== undefined) return
      const parameter = parameterOf.get(input.id) ?? ''
      const isDerived = derived.has(input.id)
      if (parameter === '' && !isDerived) continue
      const segment = segmentOf(
        node,
        { parameter, parameterInput, delta, batchSize, oneHots, keepsFactors },
        placements,
      )
      if ('remedy' in segment) {
        const used = describeUsed(node, trace)
        const { order } = segment
        const reason = describeReason(node, used, segment)
        unseparated = { reason, ...(order === undefined ? {} : { order }) }
      } else if (isDerived) add(derivedUses, input.id, segment)
      else add(uses, parameter, segment)
    }
  }
  backpropagate(tape, { seeds, wanted, returned: new Set(), visit })
  if (unseparated !== undefined) return unseparated
  for (const segment of pullBack(trace, derivedUses, batchSize)) {
    add(uses, segment.parameter, segment)
  }
  return { uses, biases: keepsFactors ? findLayerBiases(visited, parameterOf) : new Map() }
}

interface Uses {
  readonly uses: ReadonlyMap<string, TensorSegment[]>
  /** By the names of kernels, the biases of their layers. */
  readonly biases: ReadonlyMap<string, LayerBias>
}

interface Use {
  readonly parameter: string
  readonly parameterInput: string
  readonly delta: Tensor
  readonly batchSize: number
  readonly keepsFactors: boolean
  readonly oneHots: OneHots
}

/** Why a use of a parameter has no segment: the first op that is the cause, and the remedy. */
interface NoSegment extends Pick<Unseparated, 'order'> {
  readonly kernelName: string
  readonly why: string
  readonly remedy: string
}

function segmentOf(
  node: TapeNode,
  { oneHots, ...use }: Use,
  placements: BatchPlacements,
): TensorSegment | NoSegment {
  const placement = placements.get(node.outputs[0]!.id)
  if (!isSettled(placement)) {
    const { cause, order } = placement ?? {}
    const { why = 'its output has no batch axis', kernelName = node.kernelName } = cause ?? {}
    return { kernelName, why, remedy: keepApart, ...(order === undefined ? {} : { order }) }
  }
  const { kernelName, call } = ruledCall(node)
  const rule = perExampleRules[kernelName]
  const other = node.inputs['a']
  const oneHot = other && oneHots.get(other.id)
  const segment = call && rule?.({ ...use, kernelName, call, layout: placement, oneHot })
  return (
    segment ?? { kernelName: node.kernelName, why: 'no batched rule applies', remedy: leaveOut }
  )
}

function describeReason(
  node: TapeNode,
  used: string,
  { kernelName, why, remedy }: NoSegment,
): string {
  return kernelName === node.kernelName
    ? `${kernelName}, ${used}: ${why}. ${remedy}`
    : `${kernelName}: ${why}, and ${node.kernelName}, ${used}, comes after it. ${remedy}`
}

const keepApart =
  'Write the model so that its examples have an axis of their own, in their order, from the input to the output'

const leaveOut =
  'Write it with products, sums or convolutions, or leave the parameter out with { parameters }'

/** A tensor broadcast to a batch of one example is copied, where it is tiled to larger ones. */
function ruledCall({ kernelName, call, inputs, outputs }: TapeNode): {
  readonly kernelName: string
  readonly call: KernelCall | undefined
} {
  if (kernelName !== 'Identity') return { kernelName, call }
  return { kernelName: 'Tile', call: { inputs, outputs, attributes: {} } }
}

/** The parameters that a node uses, or those from which its inputs are computed. */
function describeUsed(
  node: TapeNode,
  { parameterOf, derived, derivations }: ParameterTrace,
): string {
  const names = new Set<string>()
  const wanted = new Set(inputsOf(node).map(([, { id }]) => id))
  for (const id of wanted) if (parameterOf.has(id)) names.add(parameterOf.get(id)!)
  for (const derivation of derivations.toReversed()) {
    if (!derivation.outputs.some(({ id }) => derived.has(id) && wanted.has(id))) continue
    for (const [, { id }] of inputsOf(derivation)) {
      wanted.add(id)
      if (parameterOf.has(id)) names.add(parameterOf.get(id)!)
    }
  }
  return `which uses ${[...names].map((name) => `'${name}'`).join(', ')}`
}

function add<Key>(segments: Map<Key, TensorSegment[]>, key: Key, segment: TensorSegment): void {
  segments.set(key, [...(segments.get(key) ?? []), segment])
}
