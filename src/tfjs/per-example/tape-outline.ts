import type { TapeNode } from '../engine/engine.js'
import { inputsOf } from '../engine/tape.js'

/** A tensor of a tape: a number by the order in which the tape first names it, and its shape. */
export interface OutlinedTensor {
  readonly number: number
  readonly shape: readonly number[]
}

export interface OutlinedNode {
  readonly kernelName: string
  readonly inputs: readonly OutlinedTensor[]
  readonly outputs: readonly OutlinedTensor[]
}

/**
 * What a model computes for a batch of one size: which ops, from which tensors, of which shapes.
 */
export interface TapeOutline {
  readonly exampleCount: number
  readonly nodes: readonly OutlinedNode[]
}

export function outlineTape(tape: readonly TapeNode[], exampleCount: number): TapeOutline {
  const numbers = new Map<number, number>()
  const outlineTensor = ({ id, shape }: { id: number; shape: number[] }): OutlinedTensor => {
    const number = numbers.get(id) ?? numbers.size
    numbers.set(id, number)
    return { number, shape }
  }
  const nodes = tape.map((node) => ({
    kernelName: node.kernelName,
    inputs: inputsOf(node).map(([, input]) => outlineTensor(input)),
    outputs: node.outputs.map(outlineTensor),
  }))
  return { exampleCount, nodes }
}

/**
 * The first difference between the ops of two outlines, as part of a sentence; undefined if there
 * is none. The same tensor broadcast to one example is a copy, which TensorFlow.js records as
 * Identity, where it is a Tile to several.
 */
export function findOutlineDifference(one: TapeOutline, other: TapeOutline): string | undefined {
  const { nodes } = one
  for (const [at, node] of nodes.entries()) {
    const counterpart = other.nodes[at]
    if (counterpart === undefined) break
    if (!isSameOp(node, counterpart, one.exampleCount === 1)) {
      return `op ${at + 1} is ${node.kernelName} for ${countOf(one)} and ${counterpart.kernelName} for ${countOf(other)}`
    }
  }
  if (nodes.length === other.nodes.length) return undefined
  return `it has ${nodes.length} ops for ${countOf(one)} and ${other.nodes.length} for ${countOf(other)}`
}

const countOf = ({ exampleCount }: TapeOutline): string =>
  exampleCount === 1 ? 'one example' : `${exampleCount} examples`

function isSameOp(one: OutlinedNode, other: OutlinedNode, isSingle: boolean): boolean {
  const isSameKernel =
    one.kernelName === other.kernelName ||
    (isSingle && one.kernelName === 'Identity' && other.kernelName === 'Tile')
  return isSameKernel && isSame(one.inputs, other.inputs) && isSame(one.outputs, other.outputs)
}

const isSame = (one: readonly OutlinedTensor[], other: readonly OutlinedTensor[]): boolean =>
  one.length === other.length &&
  one.every(
    ({ number, shape }, k) =>
      number === other[k]!.number && shape.length === other[k]!.shape.length,
  )
