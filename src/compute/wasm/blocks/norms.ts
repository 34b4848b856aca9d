import type { PlacedBlock } from './block-placement.js'
import { computeFloat16Norms, type HostFloat16Block, isHostFloat16Block } from './float16-block.js'
import type { WasmInstance } from '../instance.js'
import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'

/** Copies ‖g‖² per example into JavaScript's memory. */
export function readSquaredNorms(
  instance: WasmInstance,
  placed: PlacedBlock | HostFloat16Block,
): Float64Array {
  if (isHostFloat16Block(placed)) return computeFloat16Norms(instance, placed).slice()
  const start = (placed.address + placed.squaredNorms) / bytesPerFloat64
  return instance.doubles.slice(start, start + placed.exampleCount)
}

/** Runs `work` with the address of ‖g‖² per example in the instance's memory. */
export function withNorms(
  instance: WasmInstance,
  placed: PlacedBlock | HostFloat16Block,
  work: (norms: number) => void,
): void {
  if (!isHostFloat16Block(placed)) {
    work(placed.address + placed.squaredNorms)
    return
  }
  const norms = computeFloat16Norms(instance, placed)
  instance.withScratch(norms.byteLength, (address) => {
    instance.doubles.set(norms, address / bytesPerFloat64)
    work(address)
  })
}
