import * as tf from '@tensorflow/tfjs'
import type { GraphModel, Tensor } from '@tensorflow/tfjs'
import { isGradlensError, UnsupportedError } from '../../../errors.js'
import { warnOnce } from '../../../warn-once.js'
import { findNodesBefore, type GraphNode } from './graph-nodes.js'

type Nodes = Readonly<Record<string, Tensor>>
type Execute = (x: readonly Tensor[], nodes: Nodes) => Tensor

/** Runs a graph on batches, or example by example if a batch size of 1 is fixed in the graph. */
export class GraphBatches {
  readonly #model: GraphModel
  readonly #nodes: readonly GraphNode[]
  #singleReason: string | undefined

  /** @param nodes those that the output is computed from */
  constructor(model: GraphModel, nodes: readonly GraphNode[]) {
    this.#model = model
    this.#nodes = nodes
    this.#singleReason = findDeclaredExample(model)
  }

  /** Why batches are computed example by example; undefined if they are not, as far as is known. */
  get singleReason(): string | undefined {
    return this.#singleReason
  }

  /** @param isOutput false for an inner node, whose first axis may have any length */
  run(x: readonly Tensor[], nodes: Nodes, isOutput: boolean, execute: Execute): Tensor {
    const exampleCount = x[0]?.shape[0] ?? 0
    if (exampleCount === 1) return execute(x, nodes)
    if (this.#singleReason !== undefined) {
      return this.#runOneByOne(this.#singleReason, x, nodes, execute)
    }
    let failure: unknown
    try {
      const output = execute(x, nodes)
      if (!isOutput || output.shape[0] === exampleCount) return output
      failure = new Error(`its output has shape [${output.shape.join(', ')}]`)
    } catch (error) {
      // A RangeError means that memory ran out.
      if (isGradlensError(error) || error instanceof RangeError) throw error
      failure = error
    }
    try {
      const reason = findBakedNode(this.#model, this.#nodes) ?? describeFailure(failure)
      const output = this.#runOneByOne(reason, x, nodes, execute)
      this.#singleReason = reason
      return output
    } catch (error) {
      if (isGradlensError(error)) throw error
      throw new UnsupportedError(
        'batch size',
        `the graph model fails on ${exampleCount} examples, and on each of them alone: ${describeFailure(failure)} If another batch ` +
          'size is fixed in the graph, convert the model again with a free first axis.',
        { cause: failure },
      )
    }
  }

  #runOneByOne(reason: string, x: readonly Tensor[], nodes: Nodes, execute: Execute): Tensor {
    const outputs = Array.from({ length: x[0]?.shape[0] ?? 0 }, (_, example) => {
      const own = (tensor: Tensor): Tensor => tf.slice(tensor, example, 1)
      const ownNodes = Object.entries(nodes).map(([node, tensor]) => [node, own(tensor)] as const)
      return execute(x.map(own), Object.fromEntries(ownNodes))
    })
    warnOnce(
      this.#model,
      `the graph model works on one example at a time, because a batch size of 1 is fixed in the graph: ${reason}. ` +
        'Batches are computed example by example, exactly but slowly. Export the model with a dynamic batch (a free ' +
        'first axis) and convert it again.',
    )
    return tf.concat(outputs)
  }
}

/**
 * Returns which input declares a batch of 1; undefined if none does.
 *
 * @throws UnsupportedError for a graph with another fixed batch size
 */
function findDeclaredExample(model: GraphModel): string | undefined {
  const fixed = model.inputs.filter(({ shape }) => (shape?.[0] ?? -1) >= 0)
  const sizes = new Set(fixed.map(({ shape }) => shape![0]!))
  if (fixed.some(({ shape }) => shape![0] !== 1)) {
    throw new UnsupportedError(
      'fixed batch size',
      `the graph model takes batches of exactly ${[...sizes].join(' and ')} examples; expected any number, or 1. ` +
        'Convert it again with a free first axis.',
    )
  }
  const [input] = fixed
  return input && `its input '${input.name}' has the shape [${input.shape!.join(', ')}]`
}

/** Returns the first node that reshapes to a constant shape whose first length is 1. */
function findBakedNode(model: GraphModel, nodes: readonly GraphNode[]): string | undefined {
  const baked = nodes.flatMap((node) => {
    const shape = node.op === 'Reshape' ? model.weights[node.inputNames[1] ?? '']?.[0] : undefined
    const lengths = shape === undefined ? [] : [...shape.dataSync()]
    return lengths.length > 1 && lengths[0] === 1 ? [{ node, lengths }] : []
  })
  const depths = baked.map(({ node }) => findNodesBefore(node).length)
  const first = baked[depths.indexOf(Math.min(...depths))]
  return first && `node '${first.node.name}' reshapes its input to [${first.lengths.join(', ')}]`
}

function describeFailure(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}
