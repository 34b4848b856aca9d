import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'
import type { WasmInstance } from '../instance.js'
import type { PlacedBlock } from './block-placement.js'

/** Copies ‖g‖² per example into JavaScript's memory. */
export function readSquaredNorms(instance: WasmInstance, placed: PlacedBlock): Float64Array {
  const start = (placed.address + placed.squaredNorms) / bytesPerFloat64
  return instance.doubles.slice(start, start + placed.exampleCount)
}
