import type { HeldBlock } from './held-block.js'
import type { HeldHalf } from './held-half.js'
import { computeHalfNorms, isHeldHalf } from './held-half.js'
import type { WasmInstance } from './instance.js'

const doubleSize = 8

/** Where the squared norms stand that are known. */
export const normsAddress = (held: HeldBlock | HeldHalf): number =>
  isHeldHalf(held) ? held.squaredNorms : held.address + held.squaredNorms

/** ‖g‖² per row, in memory of JavaScript's own. */
export function squaredNormsOf(instance: WasmInstance, held: HeldBlock | HeldHalf): Float64Array {
  if (isHeldHalf(held)) computeHalfNorms(instance, held)
  const start = normsAddress(held) / doubleSize
  return instance.doubles.slice(start, start + held.rowCount)
}
