import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs'
import type { Attributes } from '../kernel.js'

/** A look-up of indices in a table, before it runs. */
export interface Lookup {
  readonly table: Tensor
  readonly indices: Tensor
  /** The length of the table along the indexed axis. */
  readonly entryCount: number
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
  if (observer === undefined || name !== 'GatherV2') return
  const { x, indices } = inputs as { x: Tensor; indices: Tensor }
  const axis = (attributes['axis'] as number | undefined) ?? 0
  const entryCount = x.shape[axis < 0 ? axis + x.rank : axis]!
  const observe = observer
  observer = undefined
  try {
    observe({ table: x, indices, entryCount })
  } finally {
    observer = observe
  }
}
