import { Curvature } from '../../../curvature/curvature.js'
import { toFloat16Bits } from '../../../float16.js'
import { loadNumberKernels } from '../../../gradients/numbers/number-kernels.js'
import type { WritableByteStore } from '../../bytes/byte-store.js'
import {
  encodeArrayMetadata,
  formatChunkKey,
  formatMetadataKey,
  readChecksum,
} from '../format/array-metadata.js'
import { ChunkBuffer } from '../writing/chunk-buffer.js'
import {
  type CurvatureHeader,
  curvatureKey,
  encodeCurvatureHeader,
  listCurvatureArrays,
} from './curvature-header.js'

/** A curvature as it is stored, without its numbers. */
export type CurvatureDescription = Omit<CurvatureHeader, 'blocks' | 'checksums'>

/**
 * Writes a curvature beside the gradients of a store, in the place of one of the same name. Its header is written last.
 *
 * @throws StoreError if the store is full, or others write to it
 */
export async function writeCurvature(
  store: WritableByteStore,
  { blocks }: Pick<Curvature, 'blocks'>,
  description: CurvatureDescription,
  signal: AbortSignal | undefined,
): Promise<void> {
  await loadNumberKernels()
  const lock = await store.lock?.()
  try {
    const shape = { ...description, blocks }
    const checksums: number[] = []
    for (const array of listCurvatureArrays(shape)) {
      signal?.throwIfAborted()
      const buffer = new ChunkBuffer(array, array)
      const numbers = blocks[array.block]![array.part]!
      // Those of a basis are at most 1, so they need no exponents.
      if (array.type === 'float16') buffer.data.set(numbers.map(toFloat16Bits))
      else buffer.data.set(numbers)
      const bytes = buffer.encode(array.rowCount)
      checksums.push(readChecksum(bytes))
      await lock?.assertHeld()
      await store.set(formatChunkKey(array, 0), bytes)
      await store.set(formatMetadataKey(array.name), encodeArrayMetadata(array, array))
    }
    const header = await encodeCurvatureHeader({ ...shape, checksums })
    await store.set(curvatureKey(description.curvature), header)
  } finally {
    await lock?.release()
  }
}
