import { DisposedError, InvalidArgumentError } from '../../../errors.js'
import type { RowRange, StoreLock, WritableByteStore } from '../../bytes/byte-store.js'
import { formatChunkKey, readChecksum } from '../format/array-metadata.js'
import { Checksums } from '../format/checksums.js'
import { ChunkBuffer } from './chunk-buffer.js'
import { encodeChecksums } from './encode-checksums.js'
import { encodeFloat16 } from '../../../gradients/numbers/float16.js'
import { refuseDifferences } from '../format/store-identity.js'
import {
  listBlockColumns,
  checkLength,
  type ColumnData,
  type GradientRows,
} from '../format/gradient-rows.js'
import { createHeader, compareHeaders, type WriterOptions } from '../format/create-header.js'
import {
  encodeArrays,
  encodeHeader,
  exponentsName,
  rootKey,
  listArrays,
  type StoreHeader,
} from '../format/store-header.js'
import {
  checkChunkBorders,
  encodeRange,
  formatRangeKey,
  createRangesRoot,
} from '../format/row-ranges.js'
import type { StoredArray } from '../format/store-arrays.js'
import type { StoreDescription } from '../reading/open-reader.js'

/**
 * Collects rows into whole chunks and writes them. The group's zarr.json says how many rows there are and which checksums
 * their chunks have. It is replaced after the chunks, so a crash at any point leaves the rows that it counts. The bytes
 * don't depend on the blocks in which rows come. A range of rows has a record that is replaced instead.
 */
export class GradientWriter {
  readonly #store: WritableByteStore
  readonly #lock: StoreLock | undefined
  readonly #options: WriterOptions
  readonly #rows: RowRange
  #written: StoreDescription | undefined
  #hasMetadata = false
  /** Two sets: one is filled while the other is written. */
  #filling: ChunkBuffer[] = []
  #spare: ChunkBuffer[] = []
  #rowsAppended: number
  #writing: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #isClosed = false

  constructor(
    store: WritableByteStore,
    lock: StoreLock | undefined,
    options: WriterOptions,
    written: StoreDescription | undefined,
  ) {
    this.#store = store
    this.#lock = lock
    this.#options = options
    this.#rows = options.rows ?? { start: 0, end: options.rowCount }
    this.#written = written
    this.#rowsAppended = this.rowsWritten
  }

  /** The rows that this writer writes: all, or a range of them. */
  get rows(): RowRange {
    return this.#rows
  }

  /** The row up to which the store would outlast a crash. The next row to `append` after opening is this one. */
  get rowsWritten(): number {
    return this.#written?.header.rowsWritten ?? this.#rows.start
  }

  /** What is in the store; undefined before the first rows. */
  get written(): StoreDescription | undefined {
    return this.#written
  }

  /**
   * Copies the next rows. Resolves as soon as more rows can be appended, which may be before these are written; a
   * failure to write is thrown by the next call.
   *
   * @throws InvalidArgumentError if the rows don't fit those before; StoreError if the store is full or another writer
   *   has taken it over. Rows written before stay.
   */
  async append(rows: GradientRows): Promise<void> {
    this.#assertUsable()
    const { exampleCount: rowCount } = rows.block
    if (this.#rowsAppended + rowCount > this.#rows.end) {
      throw new InvalidArgumentError(
        'rows',
        `${rowCount} after the first ${this.#rowsAppended}`,
        `${this.#rows.end} rows in all, as the store was opened for`,
      )
    }
    const header = await this.#prepare(rows)
    const columns = this.#listColumns(rows, header)
    for (let row = 0; row < rowCount;) {
      const at = this.#rowsAppended % header.rowsPerChunk
      const count = Math.min(rowCount - row, header.rowsPerChunk - at)
      this.#fill(columns, row, at, count)
      row += count
      this.#rowsAppended += count
      if (at + count === header.rowsPerChunk || this.#rowsAppended === this.#rows.end) {
        await this.#flush(at + count)
      }
    }
  }

  /**
   * Waits until everything is written, and lets other writers in. Rows that don't fill a chunk are dropped, unless they
   * are the last ones; `rowsWritten` says where to continue.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writing
    await this.#lock?.release()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #assertUsable(): void {
    if (this.#isClosed) throw new DisposedError('This writer was closed; open a new one.')
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** The header. It is created from the first rows; that of a store that is continued is checked against them. */
  async #prepare(rows: GradientRows): Promise<StoreHeader> {
    if (this.#hasMetadata && this.#written !== undefined) return this.#written.header
    const existing = this.#written?.header
    const fresh = createHeader(this.#options, rows, existing)
    if (existing !== undefined) refuseDifferences(compareHeaders(existing, fresh))
    checkChunkBorders(this.#rows, fresh)
    const { start } = this.#rows
    const arrays = listArrays(fresh)
    const checksums =
      this.#written?.checksums ??
      (await Checksums.create(Math.floor(start / fresh.rowsPerChunk), arrays.length))
    const header = { ...fresh, rowsWritten: this.rowsWritten, checksumsHash: checksums.hash }
    if (header.rowsWritten === start) {
      // The group comes first, so that writers with another header are refused from then on.
      if (this.#options.rows !== undefined) {
        await this.#store.set(rootKey, await encodeHeader(createRangesRoot(header)))
      }
      await this.#commit(header)
      for (const [key, bytes] of encodeArrays(header)) await this.#store.set(key, bytes)
    }
    const createBuffers = (): ChunkBuffer[] => arrays.map((array) => new ChunkBuffer(array, header))
    this.#filling = createBuffers()
    this.#spare = createBuffers()
    this.#written = { header, checksums }
    this.#hasMetadata = true
    return header
  }

  /** The numbers of each array except the exponents; undefined for those of a gradient that is zero. */
  #listColumns(rows: GradientRows, header: StoreHeader): Map<string, ColumnData | undefined> {
    const { block, squaredNorms, labels, labelFactors, examples = [] } = rows
    const { exampleCount: rowCount } = block
    const ids =
      rows.ids?.data ?? Int32Array.from({ length: rowCount }, (_, i) => this.#rowsAppended + i)
    if ((labelFactors === undefined) !== (header.labelFactors === null)) {
      throw new InvalidArgumentError(
        'labelFactors',
        `${labelFactors === undefined ? 'none' : 'some'} from row ${this.#rowsAppended} on`,
        'a weight or mask for all rows, or for none',
      )
    }
    const arrays = listArrays(header).filter(({ name }) => name !== exponentsName)
    const given = [
      ...listBlockColumns(block, header.segments),
      squaredNorms,
      labels.data,
      ...(labelFactors === undefined ? [] : [labelFactors.data]),
      ids,
      ...examples.map(({ data }) => data),
    ]
    return new Map(
      arrays.map(({ name, rowShape }, i) => {
        const data = given[i]
        if (data !== undefined) checkLength(name, data, rowCount, rowShape)
        return [name, data]
      }),
    )
  }

  #fill(
    columns: ReadonlyMap<string, ColumnData | undefined>,
    row: number,
    at: number,
    count: number,
  ): void {
    const exponents = this.#filling.find(({ array }) => array.name === exponentsName)
    let component = 0
    for (const { array, data, rowSize } of this.#filling) {
      if (array === exponents?.array) continue
      const source = columns.get(array.name)?.subarray(row * rowSize, (row + count) * rowSize)
      const target = data.subarray(at * rowSize, (at + count) * rowSize)
      if (exponents === undefined || !isFloat16(array)) {
        if (source === undefined) target.fill(0)
        else target.set(source)
        continue
      }
      for (let i = 0; i < count; i++) {
        const part = target.subarray(i * rowSize, (i + 1) * rowSize) as Uint16Array
        const exponent = (at + i) * exponents.rowSize + component
        exponents.data[exponent] =
          source === undefined
            ? clear(part)
            : encodeFloat16(source.subarray(i * rowSize, (i + 1) * rowSize) as Float32Array, part)
      }
      component++
    }
  }

  async #flush(rowCount: number): Promise<void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure.error
    const full = this.#filling
    this.#filling = this.#spare
    this.#spare = full
    this.#writing = this.#write(full, rowCount, this.#rowsAppended).catch((error: unknown) => {
      this.#failure = { error }
    })
    // There is nothing left to compute, and the caller may read the store after the last rows.
    if (this.#rowsAppended === this.#rows.end) {
      await this.#writing
      this.#assertUsable()
    }
  }

  async #write(
    buffers: readonly ChunkBuffer[],
    rowCount: number,
    rowsWritten: number,
  ): Promise<void> {
    const { header, checksums } = this.#written!
    const chunk = Math.ceil(rowsWritten / header.rowsPerChunk) - 1
    const files = buffers.map((buffer): [string, Uint8Array<ArrayBuffer>] => [
      formatChunkKey(buffer.array, chunk),
      buffer.encode(rowCount),
    ])
    checksums.append(files.map(([, bytes]) => readChecksum(bytes)))
    files.push(encodeChecksums(checksums, header, chunk, this.#options.rows))
    await this.#lock?.assertHeld()
    await runAll(files, ([key, bytes]) => this.#store.set(key, bytes))
    const written = { ...header, rowsWritten, checksumsHash: checksums.hash }
    await this.#commit(written)
    this.#written = { header: written, checksums }
  }

  async #commit(header: StoreHeader): Promise<void> {
    await this.#lock?.assertHeld()
    const { rows } = this.#options
    if (rows === undefined) await this.#store.set(rootKey, await encodeHeader(header))
    else await this.#store.set(formatRangeKey(rows), await encodeRange({ rows, header }))
  }
}

const isFloat16 = ({ type }: StoredArray): boolean => type === 'float16'

function clear(part: Uint16Array): number {
  part.fill(0)
  return 0
}

/** Runs the step for all items, a few at a time. Rejects with the first failure, after all running steps have ended. */
async function runAll<Item>(
  items: readonly Item[],
  step: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const work = async (): Promise<void> => {
    for (const item of queue) await step(item)
  }
  const settled = await Promise.allSettled(Array.from({ length: writesAtOnce }, work))
  for (const result of settled) if (result.status === 'rejected') throw result.reason
}

const writesAtOnce = 4
