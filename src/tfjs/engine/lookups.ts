import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs'
import type { Attributes } from '../kernel.js'

/** A look-up of indices in a table, before it runs. */
export interface Lookup {
  readonly table: Tensor
  readonly indices: Tensor
  /**
   * The lengths of the table along the indexed axes: one, or one for each component along the last
   * axis of `indices`.
   */
  readonly entryCounts: readonly number[]
}

let observer: ((lookup: Lookup) => void) | undefined

/** Runs a synchronous function and calls `observe` with each look-up of its kernels. */
export function withLookups<Result>(observe: (lookup: Lookup) => void, run: () => Result): Result {
  const outer = observer
  observer = observe
  try {
    return run()
  } finally {
    observer = outer
  }
}

/**
 * Reports a kernel's look-up to the observer, if any. The observer's own look-ups are not reported.
 */
export function reportLookup(name: string, inputs: NamedTensorMap, attributes: Attributes): void {
  if (observer === undefined) return
  const lookup = lookupOf(name, inputs, attributes)
  if (lookup === undefined) return
  const observe = observer
  observer = undefined
  try {
    observe(lookup)
  } finally {
    observer = observe
  }
}

function lookupOf(
  name: string,
  inputs: NamedTensorMap,
  attributes: Attributes,
): Lookup | undefined {
  const indices = inputs['indices']!
  if (name === 'GatherV2') {
    const table = inputs['x']!
    const axis = (attributes['axis'] as number | undefined) ?? 0
    return { table, indices, entryCounts: [table.shape[axis < 0 ? axis + table.rank : axis]!] }
  }
  if (name !== 'GatherNd') return undefined
  const table = inputs['params']!
  return { table, indices, entryCounts: table.shape.slice(0, indices.shape.at(-1)) }
}
