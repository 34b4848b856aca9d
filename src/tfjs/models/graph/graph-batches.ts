import * as tf from '@tensorflow/tfjs'
import type { GraphModel, Tensor } from '@tensorflow/tfjs'
import { isGradlensError, UnsupportedError } from '../../../errors.js'
import { warnOnce } from '../../../warn-once.js'

type Nodes = Readonly<Record<string, Tensor>>
type Execute = (x: readonly Tensor[], nodes: Nodes) => Tensor

/** Runs a graph on batches, or example by example if a batch size of 1 is fixed in the graph. */
export class GraphBatches {
  readonly #model: GraphModel
  #isOneByOne: boolean

  constructor(model: GraphModel) {
    this.#model = model
    this.#isOneByOne = declaresOneExample(model)
  }

  /** @param isOutput false for an inner node, whose first axis may have any length */
  run(x: readonly Tensor[], nodes: Nodes, isOutput: boolean, execute: Execute): Tensor {
    const exampleCount = x[0]?.shape[0] ?? 0
    if (exampleCount === 1) return execute(x, nodes)
    if (this.#isOneByOne) return this.#runOneByOne(x, nodes, execute)
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
      const output = this.#runOneByOne(x, nodes, execute)
      this.#isOneByOne = true
      return output
    } catch (error) {
      if (isGradlensError(error)) throw error
      const reason = failure instanceof Error ? failure.message : String(failure)
      throw new UnsupportedError(
        'batch size',
        `the graph model fails on ${exampleCount} examples, and on each of them alone: ${reason} If another batch ` +
          'size is fixed in the graph, convert the model again with a free first axis.',
        { cause: failure },
      )
    }
  }

  #runOneByOne(x: readonly Tensor[], nodes: Nodes, execute: Execute): Tensor {
    const outputs = Array.from({ length: x[0]?.shape[0] ?? 0 }, (_, example) => {
      const own = (tensor: Tensor): Tensor => tf.slice(tensor, example, 1)
      const ownNodes = Object.entries(nodes).map(([node, tensor]) => [node, own(tensor)] as const)
      return execute(x.map(own), Object.fromEntries(ownNodes))
    })
    warnOnce(
      this.#model,
      'the graph model works on one example at a time, because a batch size of 1 is fixed in the graph. Batches are ' +
        'computed example by example, exactly but slowly. Convert the model again with a free first axis.',
    )
    return tf.concat(outputs)
  }
}

/** @throws UnsupportedError for a graph with another fixed batch size */
function declaresOneExample(model: GraphModel): boolean {
  const sizes = new Set(model.inputs.map(({ shape }) => shape?.[0] ?? -1))
  const fixed = [...sizes].filter((size) => size >= 0)
  if (fixed.some((size) => size !== 1)) {
    throw new UnsupportedError(
      'fixed batch size',
      `the graph model takes batches of exactly ${fixed.join(' and ')} examples; expected any number, or 1. ` +
        'Convert it again with a free first axis.',
    )
  }
  return fixed.length > 0
}
