import type { GradientBlock } from 'gradlens'
import type { GradientBackend, DeviceGradients } from '../../../src/compute/gradient-backend.js'
import { sliceBlock } from './random-blocks.js'

/** How a block is uploaded to a backend. */
export type Upload = (backend: GradientBackend, block: GradientBlock) => Promise<DeviceGradients>

/** A backend takes ownership of uploaded blocks, so a test that keeps using one uploads a copy. */
export function uploadedCopy(
  backend: GradientBackend,
  block: GradientBlock,
): Promise<DeviceGradients> {
  return backend.upload(structuredClone(block))
}

interface PlacedRows {
  readonly uploaded: DeviceGradients
  readonly start: number
}

/** A block cut into pieces of `step` rows. */
export async function uploadRows(
  backend: GradientBackend,
  upload: Upload,
  block: GradientBlock,
  step: number,
): Promise<PlacedRows[]> {
  const placed: PlacedRows[] = []
  for (let start = 0; start < block.exampleCount; start += step) {
    const rows = sliceBlock(block, start, Math.min(start + step, block.exampleCount))
    placed.push({ uploaded: await upload(backend, rows), start })
  }
  return placed
}
