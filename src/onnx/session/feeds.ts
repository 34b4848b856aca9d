import { InvalidArgumentError } from '../../errors.js'
import { type NdArray, sizeOf } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import type { BatchKnowledge } from '../graph/batch-knowledge.js'
import type { Feeds } from '../graph/probe.js'
import type { LoadedModel } from '../model/loaded-model.js'
import { isFloat } from '../model/tensor-data.js'
import { checkLookups } from './check-lookups.js'
import type { GraphArray } from '../runtime/compiled-graph.js'

/**
 * Returns the model's inputs by name.
 *
 * @throws InvalidArgumentError for a name that no input has, and for an index outside of its table
 */
export function readFeeds(
  model: LoadedModel,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
): Feeds {
  const { inputs } = model
  const names = new Set(inputs.map(({ name }) => name))
  const unknown = Object.keys(forwardArguments).find((name) => !names.has(name))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      'forwardKwargs',
      `'${unknown}'`,
      `names of the model's inputs: ${[...names].join(', ')}`,
    )
  }
  const unnamed = [...x]
  const feeds = new Map(
    inputs.map(({ name }) => [name, forwardArguments[name] ?? unnamed.shift()!]),
  )
  checkLookups(model, feeds)
  return feeds
}

/** Returns 1 at each example's chosen outputs and 0 elsewhere, in the output's shape. */
export function createSeed(
  { output }: LoadedModel,
  { infos }: BatchKnowledge,
  exampleCount: number,
  indices: Int32Array,
): NdArray {
  const [, ...row] = infos.get(output)!.shape.map((length) => length ?? 1)
  const shape = [exampleCount, ...row]
  const rowSize = sizeOf(row)
  const terms = indices.length / exampleCount
  const data = new Float32Array(exampleCount * rowSize)
  for (const [k, index] of indices.entries()) data[Math.floor(k / terms) * rowSize + index]! += 1
  return { data, shape }
}

export const withLastAxis = ({ data, shape }: NdArray): NdArray => ({ data, shape: [...shape, 1] })

export const toFloats = ({ type, data, shape }: GraphArray): NdArray => ({
  data: isFloat(type) ? data : Float32Array.from(data),
  shape,
})
