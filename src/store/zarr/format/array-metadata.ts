import { sameShape, sizeOf } from '../../../ndarray.js'
import { StoreError } from '../../../errors.js'
import { describe } from '../../../options.js'
import { encodeJson } from './encode-json.js'
import { JsonReader } from './json-reader.js'
import { elementTypes, type StoredArray } from './store-arrays.js'

/** How many rows an array has, and how many of them are in a chunk. */
export interface RowCounts {
  readonly rowCount: number
  readonly rowsPerChunk: number
}

export const formatMetadataKey = (name: string): string => `${name}/zarr.json`

/** The key of a chunk: Zarr's default encoding, with dots, so that chunks need no folders. */
export function formatChunkKey(
  { name, rowShape }: Pick<StoredArray, 'name' | 'rowShape'>,
  chunk: number,
): string {
  return `${name}/${['c', chunk, ...rowShape.map(() => 0)].join('.')}`
}

export const getChunkShape = (
  { rowShape }: StoredArray,
  { rowsPerChunk }: Pick<RowCounts, 'rowsPerChunk'>,
): number[] => [rowsPerChunk, ...rowShape]

/** The stored size of a chunk in bytes, including its crc32c. */
export const countChunkBytes = (array: StoredArray, rows: RowCounts): number =>
  sizeOf(getChunkShape(array, rows)) * elementTypes[array.type].byteLength + crcByteLength

export const crcByteLength = 4

/** Reads the crc32c at the end of a chunk. */
export const readChecksum = (chunk: Uint8Array): number =>
  new DataView(chunk.buffer, chunk.byteOffset + chunk.length - crcByteLength).getUint32(0, true)

/** An array's zarr.json. */
export function encodeArrayMetadata(array: StoredArray, rows: RowCounts): Uint8Array<ArrayBuffer> {
  return encodeJson({
    zarr_format: 3,
    node_type: 'array',
    shape: [rows.rowCount, ...array.rowShape],
    data_type: array.type,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: getChunkShape(array, rows) } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '.' } },
    fill_value: elementTypes[array.type].fillName,
    codecs: checkedCodecs,
    dimension_names: [array.rowAxis ?? 'row', ...array.axes],
    attributes: {},
  })
}

const checkedCodecs = [
  { name: 'bytes', configuration: { endian: 'little' } },
  { name: 'crc32c' },
] as const

/** How an array is divided into files: as the writer does it, or in shards made by another program. */
export interface ChunkGrid {
  readonly separator: '.' | '/'
  /** Rows per shard, which is a file of several chunks; null for one file per chunk. */
  readonly rowsPerShard: number | null
}

/** The grid that the writer makes. */
export const plainGrid: ChunkGrid = { separator: '.', rowsPerShard: null }

/**
 * Reads an array's zarr.json and checks it against the header.
 *
 * @throws StoreError if it differs from the header, or needs an unsupported codec
 */
export function parseArrayMetadata(
  bytes: Uint8Array,
  array: StoredArray,
  rows: RowCounts,
): ChunkGrid {
  const json = JsonReader.parse(formatMetadataKey(array.name), bytes)
  json.get('zarr_format').toChoice([3])
  json.get('node_type').toChoice(['array'])
  json.get('data_type').toChoice([array.type])
  const chunk = getChunkShape(array, rows)
  expectShape(array, 'shape', json.get('shape'), [rows.rowCount, ...array.rowShape])
  const grid = json.get('chunk_grid')
  grid.get('name').toChoice(['regular'])
  const outer = grid.get('configuration').get('chunk_shape')
  const keys = json.get('chunk_key_encoding')
  keys.get('name').toChoice(['default'])
  const separator =
    keys.getOptional('configuration')?.getOptional('separator')?.toChoice(['.', '/']) ?? '/'

  const codecs = json.get('codecs').toList((codec) => codec)
  const sharding = codecs.length === 1 ? codecs[0]! : undefined
  if (sharding?.get('name').value !== 'sharding_indexed') {
    expectCheckedCodecs(array, codecs)
    expectShape(array, 'chunk shape', outer, chunk)
    return { separator, rowsPerShard: null }
  }
  const configuration = sharding.get('configuration')
  expectShape(array, 'chunk shape', configuration.get('chunk_shape'), chunk)
  for (const name of ['codecs', 'index_codecs']) {
    expectCheckedCodecs(
      array,
      configuration.get(name).toList((codec) => codec),
    )
  }
  configuration.getOptional('index_location')?.toChoice(['end'])
  const shard = outer.toList((length) => length.toInteger(0))
  const rowsPerShard = shard[0] ?? 0
  expectShape(array, 'shard shape', outer, [rowsPerShard, ...array.rowShape])
  // The index has 16 bytes per chunk of the shard, and is read as a whole.
  const chunks = rowsPerShard / rows.rowsPerChunk
  if (Number.isInteger(chunks) && chunks >= 1 && chunks <= maxChunksPerShard)
    return { separator, rowsPerShard }
  throw new StoreError(
    'damaged',
    `array ${array.name} of the store: got shards of ${rowsPerShard} rows; expected 1 to ` +
      `${maxChunksPerShard} chunks of ${rows.rowsPerChunk} rows.`,
    { array: array.name },
  )
}

const maxChunksPerShard = 2 ** 16

function expectShape(
  array: StoredArray,
  what: string,
  json: JsonReader,
  expected: readonly number[],
): void {
  const shape = json.toList((length) => length.toInteger(0))
  if (sameShape(shape, expected)) return
  throw new StoreError(
    'damaged',
    `array ${array.name} of the store: got ${what} [${shape.join(', ')}]; expected ` +
      `[${expected.join(', ')}], as in the attributes of the group.`,
    { array: array.name },
  )
}

function expectCheckedCodecs(array: StoredArray, codecs: readonly JsonReader[]): void {
  const fits =
    codecs.length === checkedCodecs.length &&
    checkedCodecs.every(({ name }, i) => codecs[i]!.get('name').value === name)
  const endian = codecs[0]?.getOptional('configuration')?.getOptional('endian')?.value
  // Single bytes have no order, and Python's zarr names none.
  const isLittle =
    endian === 'little' || (endian === undefined && elementTypes[array.type].byteLength === 1)
  if (fits && isLittle) return
  const names = codecs.map((codec) => describe(codec.get('name').value)).join(', ')
  throw new StoreError(
    'unsupported',
    `array ${array.name} of the store: got the codecs ${names}; expected bytes (little-endian) and ` +
      'crc32c, with or without shards. Store gradients without compression; they hardly compress.',
    { array: array.name },
  )
}
