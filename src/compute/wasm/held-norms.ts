import type { HeldBlock } from './held-block.js'
import type { HeldHalf } from './held-half.js'
import { halfNorms, isHeldHalf } from './held-half.js'
import type { WasmInstance } from './instance.js'

const doubleSize = 8

/** ‖g‖² per row, in memory of JavaScript's own. */
export function squaredNormsOf(instance: WasmInstance, held: HeldBlock | HeldHalf): Float64Array {
  if (isHeldHalf(held)) return halfNorms(instance, held).slice()
  const start = (held.address + held.squaredNorms) / doubleSize
  return instance.doubles.slice(start, start + held.rowCount)
}

/** Lends the address of the same in the instance's memory. */
export function withNorms(
  instance: WasmInstance,
  held: HeldBlock | HeldHalf,
  work: (norms: number) => void,
): void {
  if (!isHeldHalf(held)) {
    work(held.address + held.squaredNorms)
    return
  }
  const norms = halfNorms(instance, held)
  instance.withScratch(norms.byteLength, (address) => {
    instance.doubles.set(norms, address / doubleSize)
    work(address)
  })
}
