import type { Tensor } from '@tensorflow/tfjs'
import type { TapeNode } from './engine.js'
import { perExampleRules } from './per-example-rules.js'
import { backpropagate, dependents, inputsOf } from './tape.js'
import type { TensorSegment } from './tensor-segment.js'
import { joined } from './tensor-segment.js'

/** The kernels whose calls must be on the tape for this module. */
export const ruledKernels: readonly string[] = [
  ...Object.keys(perExampleRules),
  'Transpose',
  'SplitV',
]

/** Gradients of parts of parameters: a split parameter's pieces count as parameters of their own. */
export interface PerExampleGradients {
  readonly segments: readonly TensorSegment[]
  /** Where each part comes from, by the name that the segments give it; whole parameters are left out. */
  readonly parts: ReadonlyMap<string, ParameterPart>
}

export interface ParameterPart {
  readonly owner: string
  readonly axis: number
  readonly begin: number
  readonly length: number
  readonly ownerShape: readonly number[]
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
  const { parameterOf, parts } = traceParameters(tape, parameters)
  const withBatch = dataDependents(tape, dataIds)
  const wanted = dependents(tape, parameters.keys())
  for (const id of parameterOf.keys()) wanted.delete(id)

  const uses = new Map<string, TensorSegment[]>()
  let without: string | undefined
  const visit = (node: TapeNode, delta: Tensor): void => {
    if (without !== undefined || isPassage(node, parameterOf, parts)) return
    for (const [parameterInput, input] of inputsOf(node)) {
      const parameter = parameterOf.get(input.id)
      if (parameter === undefined) continue
      const { kernelName, call } = node
      const carriesBatch =
        startsBatch.has(kernelName) || node.outputs.every((output) => withBatch.has(output.id))
      const rule = carriesBatch ? perExampleRules[kernelName] : undefined
      const segment =
        call && rule?.({ parameter, parameterInput, kernelName, call, delta, batchSize })
      if (segment === undefined) without = kernelName
      else uses.set(parameter, [...(uses.get(parameter) ?? []), segment])
    }
  }
  backpropagate(tape, { seeds, wanted, visit })
  // A parameter that is used both whole and in pieces has products between the two that no rule forms.
  const isMixed = [...parts.values()].some(({ owner }) => uses.has(owner))
  if (without !== undefined || isMixed) return { without: without ?? 'SplitV' }
  return { segments: [...uses.values()].flatMap(joined), parts }
}

/** A state of zeros times a matrix, or a tiled vector, has the batch as first axis without any example in it. */
const startsBatch: ReadonlySet<string> = new Set(['BatchMatMul', 'Tile'])

/** Follows the parameters, and the pieces of those that are split, to where they are used. */
function traceParameters(
  tape: readonly TapeNode[],
  parameters: ReadonlyMap<number, string>,
): { parameterOf: Map<number, string>; parts: Map<string, ParameterPart> } {
  const parameterOf = new Map(parameters)
  const parts = new Map<string, ParameterPart>()
  for (const node of tape) {
    const source = node.inputs['x']
    const parameter = source === undefined ? undefined : parameterOf.get(source.id)
    if (source === undefined || parameter === undefined || !isPassage(node, parameterOf, parts))
      continue
    let begin = 0
    for (const [k, output] of node.outputs.entries()) {
      if (node.kernelName !== 'SplitV') {
        parameterOf.set(output.id, parameter)
        continue
      }
      const axis = node.call!.attributes['axis'] as number
      const length = output.shape[axis]!
      const part = `${parameter}[${String(k)}]`
      parts.set(part, { owner: parameter, axis, begin, length, ownerShape: source.shape })
      parameterOf.set(output.id, part)
      begin += length
    }
  }
  return { parameterOf, parts }
}

/** True if a parameter only passes through: its elements keep their order, or are dealt out whole. */
function isPassage(
  node: TapeNode,
  parameterOf: ReadonlyMap<number, string>,
  parts: ReadonlyMap<string, ParameterPart>,
): boolean {
  const source = node.inputs['x']
  const parameter = source === undefined ? undefined : parameterOf.get(source.id)
  if (parameter === undefined) return false
  if (node.kernelName === 'SplitV') return !parts.has(parameter)
  if (node.kernelName !== 'Transpose') return orderPreserving.has(node.kernelName)
  const permutation = node.call?.attributes['perm'] as readonly number[] | undefined
  return permutation?.every((axis, position) => axis === position) ?? false
}

const orderPreserving: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'Cast', 'ExpandDims'])

/** What depends on the examples in any way: its first axis, or the first of its merged axes, is the batch. */
function dataDependents(tape: readonly TapeNode[], dataIds: readonly number[]): Set<number> {
  const reached = new Set(dataIds)
  for (const node of tape) {
    if (!inputsOf(node).some(([, input]) => reached.has(input.id))) continue
    for (const output of node.outputs) reached.add(output.id)
  }
  return reached
}
