import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs'
import type { Attributes } from '../kernel.js'

/** A look-up of whole numbers in a table, before it runs. */
export interface Lookup {
  readonly table: Tensor
  readonly indices: Tensor
  /** How many entries the table has along the axis that is looked up. */
  readonly entryCount: number
}

let observer: ((lookup: Lookup) => void) | undefined

/** Runs a synchronous function; `observe` sees each look-up of the kernels that it runs. */
export function withLookups<Result>(observe: (lookup: Lookup) => void, run: () => Result): Result {
  const outer = observer
  observer = observe
  try {
    return run()
  } finally {
    observer = outer
  }
}

/** Reports a kernel's look-up to the observer, if there is one. What the observer computes is not reported. */
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
