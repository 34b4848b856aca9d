import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from '../engine/engine.js'
import { derivationKernels, pulledBack } from './parameter-derivations.js'
import { type ParameterPart, type ParameterTrace, traceParameters } from './parameter-trace.js'
import { perExampleRules } from './per-example-rules.js'
import { backpropagate, dependents, inputsOf } from '../engine/tape.js'
import { joined, type TensorSegment } from './tensor-segment.js'

/** The kernels whose calls must be on the tape for this module. */
export const ruledKernels: readonly string[] = [
  ...Object.keys(perExampleRules),
  ...derivationKernels,
  'SplitV',
]

/** Gradients of parts of parameters: a split parameter's pieces count as parameters of their own. */
export interface PerExampleGradients {
  readonly segments: readonly TensorSegment[]
  /** Where each part comes from, by the name that the segments give it; whole parameters are left out. */
  readonly parts: ReadonlyMap<string, ParameterPart>
}

/** Whole parameters' gradients by name, those that are split cut into the parts of that name. */
export function inParts(
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
 * The gradients of each example by itself, from one backward pass: per use of a parameter a and δ.
 *
 * @param parameters the trainable parameters' names by their tensors' ids
 * @param dataIds the tensors that hold the examples
 * @param seeds where the backward pass starts
 * @returns the gradients; or, if some use has no rule, the kernel that stood there
 */
export function perExampleGradients(
  tape: readonly TapeNode[],
  parameters: ReadonlyMap<number, string>,
  dataIds: readonly number[],
  seeds: ReadonlyMap<number, Tensor>,
  batchSize: number,
): PerExampleGradients | { readonly without: string } {
  const backward = { tape, seeds, batchSize }
  const trace = traceParameters(tape, parameters, dataIds, batchSize, true)
  const gradients = gradientsAlong(trace, parameters, backward)
  // A parameter that is used both whole and in pieces has products between the two that no form keeps apart.
  const isMixed =
    'uses' in gradients && [...trace.parts.values()].some(({ owner }) => gradients.uses.has(owner))
  const final = isMixed
    ? gradientsAlong(
        traceParameters(tape, parameters, dataIds, batchSize, false),
        parameters,
        backward,
      )
    : gradients
  if ('without' in final) return final
  const segments = [...final.uses.values()].flatMap(joined)
  return { segments, parts: isMixed ? new Map() : trace.parts }
}

interface BackwardPass {
  readonly tape: readonly TapeNode[]
  readonly seeds: ReadonlyMap<number, Tensor>
  readonly batchSize: number
}

/** The segments of each parameter, or of each of its parts. */
function gradientsAlong(
  trace: ParameterTrace,
  parameters: ReadonlyMap<number, string>,
  { tape, seeds, batchSize }: BackwardPass,
): { readonly uses: ReadonlyMap<string, TensorSegment[]> } | { readonly without: string } {
  const { parameterOf, derived, withBatch } = trace
  const wanted = dependents(tape, parameters.keys())
  for (const id of [...parameterOf.keys(), ...derived]) wanted.delete(id)

  const uses = new Map<string, TensorSegment[]>()
  const derivedUses = new Map<number, TensorSegment[]>()
  let without: string | undefined
  const visit = (node: TapeNode, delta: Tensor): void => {
    if (without !== undefined) return
    const { kernelName, call } = node
    const carriesBatch = node.outputs.every((output) => withBatch.has(output.id))
    for (const [parameterInput, input] of inputsOf(node)) {
      const parameter = parameterOf.get(input.id) ?? ''
      const isDerived = derived.has(input.id)
      if (parameter === '' && !isDerived) continue
      const rule = carriesBatch ? perExampleRules[kernelName] : undefined
      const segment =
        call && rule?.({ parameter, parameterInput, kernelName, call, delta, batchSize })
      if (segment === undefined) without = kernelName
      else if (isDerived) add(derivedUses, input.id, segment)
      else add(uses, parameter, segment)
    }
  }
  backpropagate(tape, { seeds, wanted, visit })
  if (without !== undefined) return { without }
  for (const segment of pulledBack(trace, derivedUses, batchSize)) {
    add(uses, segment.parameter, segment)
  }
  return { uses }
}

function add<Key>(segments: Map<Key, TensorSegment[]>, key: Key, segment: TensorSegment): void {
  segments.set(key, [...(segments.get(key) ?? []), segment])
}
