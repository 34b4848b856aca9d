import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { UnsupportedError } from '../../errors.js'
import type { TapeNode } from './engine.js'
import { gradientRepairs } from '../repairs/gradients.js'

/**
 * Returns the ids of the sources and of all tensors that depend on them by differentiable steps.
 */
export function findDependents(tape: readonly TapeNode[], sources: Iterable<number>): Set<number> {
  const reached = new Set(sources)
  for (const node of tape) {
    if (!inputsOf(node).some(([, input]) => reached.has(input.id))) continue
    for (const output of node.outputs) {
      // Integers and booleans (an arg-max, a comparison) have no derivative. Complex numbers do,
      // but tfjs has no gradients for them: the backward pass refuses them.
      if (output.dtype === 'float32' || output.dtype === 'complex64') reached.add(output.id)
    }
  }
  return reached
}

export interface Backward {
  /** The gradients to start from, by the ids of their tensors. */
  readonly seeds: ReadonlyMap<number, Tensor>
  /** The tensors whose gradients are computed. */
  readonly wanted: ReadonlySet<number>
  /** The tensors whose gradients are returned. The others are freed on the way. */
  readonly returned: { has(id: number): boolean }
  /** Called for each node with a gradient at its output, before its inputs get theirs. */
  readonly visit?: (node: TapeNode, outputGradient: Tensor) => void
}

/** Walks the tape backwards. Returns gradients by the ids of their tensors. */
export function backpropagate(
  tape: readonly TapeNode[],
  { seeds, wanted, returned, visit }: Backward,
): Map<number, Tensor> {
  const gradients = new Map(seeds)
  const free = ({ outputs }: TapeNode): void => {
    for (const { id } of outputs) {
      const gradient = gradients.get(id)
      if (gradient === undefined || returned.has(id)) continue
      gradients.delete(id)
      if (gradient !== seeds.get(id)) gradient.dispose()
    }
  }
  for (const node of tape.toReversed()) {
    if (!node.outputs.some((output) => gradients.has(output.id))) continue
    const outputGradients = node.outputs.map(
      (output) => gradients.get(output.id) ?? tf.zeros(output.shape, 'float32'),
    )
    const first = outputGradients[0]
    if (visit !== undefined && first !== undefined) visit(node, first)
    const inputs = inputsOf(node).filter(([, input]) => wanted.has(input.id))
    if (inputs.length === 0) {
      free(node)
      continue
    }
    const thunks = gradientsOf(node, outputGradients)
    for (const [name, input] of inputs) {
      const thunk = thunks[name]
      if (thunk === undefined) throw noGradient(node.kernelName, `its input '${name}'`)
      const gradient = tf.tidy(() => ownResult(thunk(), outputGradients))
      if (!tf.util.arraysEqual(gradient.shape, input.shape)) {
        throw new UnsupportedError(
          node.kernelName,
          `${node.kernelName}: its gradient has shape [${gradient.shape.join(', ')}], its input '${name}' ` +
            `[${input.shape.join(', ')}]. Its gradient function is wrong; replace the op in the model.`,
        )
      }
      const earlier = gradients.get(input.id)
      if (earlier === undefined) gradients.set(input.id, gradient)
      else {
        gradients.set(input.id, tf.add(earlier, gradient))
        for (const summand of [earlier, gradient]) {
          if (summand !== seeds.get(input.id)) summand.dispose()
        }
      }
    }
    free(node)
  }
  return gradients
}

/** A gradient that can be freed alone. An op can return the gradient at its output, which is cloned. */
const ownResult = (gradient: Tensor, outputGradients: readonly Tensor[]): Tensor =>
  outputGradients.includes(gradient) ? gradient.clone() : gradient

function gradientsOf(
  node: TapeNode,
  outputGradients: readonly Tensor[],
): Readonly<Record<string, (() => Tensor) | undefined>> {
  const repaired = gradientRepairs[node.kernelName]
  if (repaired !== undefined && node.call !== undefined) return repaired(outputGradients, node.call)
  if (node.gradient === undefined) throw noGradient(node.kernelName, 'its inputs')
  return node.gradient([...outputGradients])
}

function noGradient(kernelName: string, of: string): UnsupportedError {
  return new UnsupportedError(
    kernelName,
    `No gradient for ${kernelName}: TensorFlow.js cannot differentiate it with respect to ${of}, and it is on the ` +
      'path to the output. Replace it by differentiable ops, or explain a part of the model.',
  )
}

/** Returns the inputs that exist. Optional ones may be null or undefined. */
export function inputsOf(node: TapeNode): [string, Tensor][] {
  const inputs = node.inputs as Record<string, Tensor | null | undefined>
  return Object.entries(inputs).flatMap(([name, tensor]) =>
    tensor == null ? [] : [[name, tensor] as [string, Tensor]],
  )
}
