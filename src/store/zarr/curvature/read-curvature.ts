import { countBlockBytes, type CurvatureBlock } from '../../../curvature/curvature-block.js'
import type { CurvatureName } from '../../../curvature/curvature-options.js'
import { Curvature } from '../../../curvature/curvature.js'
import { InvalidArgumentError, StoreError } from '../../../errors.js'
import { fromFloat16Bits } from '../../../float16.js'
import { loadNumberKernels } from '../../../gradients/numbers/number-kernels.js'
import type { ByteStore } from '../../bytes/byte-store.js'
import { formatMetadataKey, parseArrayMetadata } from '../format/array-metadata.js'
import { ChunkReader } from '../reading/chunk-reader.js'
import { readMetadata } from '../reading/read-metadata.js'
import {
  type CurvatureArray,
  type CurvatureHeader,
  curvatureKey,
  listCurvatureArrays,
  parseCurvatureHeader,
} from './curvature-header.js'

export interface StoredCurvature {
  readonly header: CurvatureHeader
  readonly curvature: Curvature
}

/**
 * Reads the header of a curvature; undefined if the store has none of this name.
 *
 * @throws StoreError if it is damaged
 */
export async function readCurvatureHeader(
  store: ByteStore,
  curvature: CurvatureName,
  signal: AbortSignal | undefined,
): Promise<CurvatureHeader | undefined> {
  const bytes = await readMetadata(store, curvatureKey(curvature), { signal })
  return bytes === undefined ? undefined : parseCurvatureHeader(curvature, bytes)
}

/**
 * Reads a curvature, whose every number is checked; undefined if the store has none of this name.
 *
 * @param maxBytes the most bytes that its factors may take
 * @throws StoreError if it is damaged; InvalidArgumentError if it is larger than `maxBytes`
 */
export async function readCurvature(
  store: ByteStore,
  name: CurvatureName,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<StoredCurvature | undefined> {
  const header = await readCurvatureHeader(store, name, signal)
  if (header === undefined) return undefined
  const byteLength = header.blocks.reduce((sum, block) => sum + countBlockBytes(block), 0)
  if (byteLength > maxBytes) {
    throw new InvalidArgumentError(
      'maxCurvatureBytes',
      `${maxBytes.toLocaleString('en')} bytes`,
      `${byteLength.toLocaleString('en')} bytes, which the curvature '${name}' of the store takes`,
    )
  }
  await loadNumberKernels()
  const blocks: CurvatureBlock[] = header.blocks.map((block) => ({
    ...block,
    inputBasis: undefined,
    outputBasis: undefined,
    eigenvalues: undefined,
  }))
  for (const [k, array] of listCurvatureArrays(header).entries()) {
    const data = await readArray(store, array, header.checksums[k]!, signal)
    blocks[array.block] = { ...blocks[array.block]!, [array.part]: data }
  }
  return { header, curvature: new Curvature(blocks) }
}

async function readArray(
  store: ByteStore,
  array: CurvatureArray,
  checksum: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const key = formatMetadataKey(array.name)
  const metadata = await readMetadata(store, key, { signal })
  if (metadata === undefined) {
    throw new StoreError('missing', `The store has no ${key}, which its curvature names.`, {
      array: array.name,
    })
  }
  const grid = parseArrayMetadata(metadata, array, array)
  const reader = await ChunkReader.open(store, array, array, grid, { getChecksum: () => checksum })
  const numbers = await reader.read(0, { signal })
  return array.type === 'float16'
    ? Float32Array.from(numbers, fromFloat16Bits)
    : (numbers as Float32Array)
}
