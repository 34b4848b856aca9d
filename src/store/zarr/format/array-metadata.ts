import { sameShape, sizeOf } from '../../../ndarray.js'
import { StoreError } from '../../../errors.js'
import { describe } from '../../../options.js'
import { JsonReader } from './json-reader.js'
import { elementTypes, type StoredArray } from './store-arrays.js'
import { encodeJson, type StoreHeader } from './store-header.js'

type Rows = Pick<StoreHeader, 'rowCount' | 'rowsPerChunk'>

export const metadataKey = (name: string): string => `${name}/zarr.json`

/** Where the writer puts a chunk: Zarr's default encoding with dots, which spares a directory for each chunk. */
export function chunkKey({ name, rowShape }: StoredArray, chunk: number): string {
  return `${name}/${['c', chunk, ...rowShape.map(() => 0)].join('.')}`
}

export const chunkShape = ({ rowShape }: StoredArray, { rowsPerChunk }: Rows): number[] => [
  rowsPerChunk,
  ...rowShape,
]

/** What a chunk takes in the store, its four bytes of crc32c included. */
export const encodedChunkByteLength = (array: StoredArray, rows: Rows): number =>
  sizeOf(chunkShape(array, rows)) * elementTypes[array.type].byteLength + crcByteLength

export const crcByteLength = 4

/** An array's zarr.json. */
export function encodeArrayMetadata(array: StoredArray, rows: Rows): Uint8Array<ArrayBuffer> {
  return encodeJson({
    zarr_format: 3,
    node_type: 'array',
    shape: [rows.rowCount, ...array.rowShape],
    data_type: array.type,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunkShape(array, rows) } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '.' } },
    fill_value: elementTypes[array.type].fillName,
    codecs: checkedCodecs,
    dimension_names: ['row', ...array.axes],
    attributes: {},
  })
}

const checkedCodecs = [
  { name: 'bytes', configuration: { endian: 'little' } },
  { name: 'crc32c' },
] as const

/** How an array is cut and named in the store: the writer's own way, or shards of a program that packed it anew. */
export interface ChunkGrid {
  readonly separator: '.' | '/'
  /** Rows of a shard, each of them a file of several chunks; null for a file per chunk. */
  readonly rowsPerShard: number | null
}

/**
 * Reads an array's zarr.json and holds it to the header's word.
 *
 * @throws StoreError if it says anything else, or needs a codec that is none of the format's
 */
export function parseArrayMetadata(bytes: Uint8Array, array: StoredArray, rows: Rows): ChunkGrid {
  const json = JsonReader.parse(metadataKey(array.name), bytes)
  json.field('zarr_format').oneOf([3])
  json.field('node_type').oneOf(['array'])
  json.field('data_type').oneOf([array.type])
  const chunk = chunkShape(array, rows)
  expectShape(array, 'shape', json.field('shape'), [rows.rowCount, ...array.rowShape])
  const grid = json.field('chunk_grid')
  grid.field('name').oneOf(['regular'])
  const outer = grid.field('configuration').field('chunk_shape')
  const keys = json.field('chunk_key_encoding')
  keys.field('name').oneOf(['default'])
  const separator = keys.optional('configuration')?.optional('separator')?.oneOf(['.', '/']) ?? '/'

  const codecs = json.field('codecs').list((codec) => codec)
  const sharding = codecs.length === 1 ? codecs[0]! : undefined
  if (sharding?.field('name').value !== 'sharding_indexed') {
    expectCheckedCodecs(array, codecs)
    expectShape(array, 'chunk shape', outer, chunk)
    return { separator, rowsPerShard: null }
  }
  const configuration = sharding.field('configuration')
  expectShape(array, 'chunk shape', configuration.field('chunk_shape'), chunk)
  expectCheckedCodecs(
    array,
    configuration.field('codecs').list((codec) => codec),
  )
  expectCheckedCodecs(
    array,
    configuration.field('index_codecs').list((codec) => codec),
  )
  configuration.optional('index_location')?.oneOf(['end'])
  const shard = outer.list((length) => length.integer(0))
  const rowsPerShard = shard[0] ?? 0
  expectShape(array, 'shard shape', outer, [rowsPerShard, ...array.rowShape])
  // The index takes 16 bytes a chunk of the shard, and is read as a whole.
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
  const shape = json.list((length) => length.integer(0))
  if (sameShape(shape, expected)) return
  throw new StoreError(
    'damaged',
    `array ${array.name} of the store: got ${what} [${shape.join(', ')}]; expected [${expected.join(', ')}], ` +
      'as the attributes of the group have it.',
    { array: array.name },
  )
}

function expectCheckedCodecs(array: StoredArray, codecs: readonly JsonReader[]): void {
  const fits =
    codecs.length === checkedCodecs.length &&
    checkedCodecs.every(({ name }, i) => codecs[i]!.field('name').value === name)
  const endian = codecs[0]?.optional('configuration')?.optional('endian')?.value
  // Single bytes have no order, and Zarr for Python names none.
  const isLittle =
    endian === 'little' || (endian === undefined && elementTypes[array.type].byteLength === 1)
  if (fits && isLittle) return
  const names = codecs.map((codec) => describe(codec.field('name').value)).join(', ')
  throw new StoreError(
    'unsupported',
    `array ${array.name} of the store: got the codecs ${names}; expected bytes (little-endian) and crc32c, ` +
      'in shards if need be. Gradients hardly compress; store them without compression.',
    { array: array.name },
  )
}
