import { DisposedError, InvalidArgumentError } from '../../../errors.js'
import type { RowRange, StoreLock, WritableByteStore } from '../../bytes/byte-store.js'
import { chunkKey, encodeArrayMetadata, metadataKey } from '../format/array-metadata.js'
import { ChunkBuffer } from './chunk-buffer.js'
import { encodeFloat16 } from '../../../gradients/numbers/float16.js'
import { refuseDifferent } from '../format/store-identity.js'
import {
  blockColumns,
  checkLength,
  type ColumnData,
  type GradientRows,
} from '../format/stored-layout.js'
import { layOut, layoutDifferences, type WriterOptions } from '../format/layout.js'
import {
  encodeHeader,
  exponentsName,
  rootKey,
  storeArrays,
  type StoreHeader,
} from '../format/store-header.js'
import { checkBorders, encodeRange, rangeKey, rootOfRanges } from '../format/row-ranges.js'
import type { StoredArray } from '../format/store-arrays.js'

/**
 * Gathers rows to whole chunks and writes them. The group's zarr.json, which says how many rows there are, is written
 * after the chunks that hold them: a crash at any point leaves the rows that it tells of. Rows are the same bytes
 * whatever the blocks in which they come. Of a range of rows, it is the range's own record that is written then.
 */
export class GradientWriter {
  readonly #store: WritableByteStore
  readonly #lock: StoreLock | undefined
  readonly #options: WriterOptions
  readonly #rows: RowRange
  #header: StoreHeader | undefined
  #isLaidOut = false
  /** Two sets: one is filled while the other is written. */
  #filling: ChunkBuffer[] = []
  #spare: ChunkBuffer[] = []
  #rowsTaken: number
  #writing: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #isClosed = false

  constructor(
    store: WritableByteStore,
    lock: StoreLock | undefined,
    options: WriterOptions,
    header: StoreHeader | undefined,
  ) {
    this.#store = store
    this.#lock = lock
    this.#options = options
    this.#rows = options.rows ?? { start: 0, end: options.rowCount }
    this.#header = header
    this.#rowsTaken = this.rowsWritten
  }

  /** The rows that are written: all, or a range of them. */
  get rows(): RowRange {
    return this.#rows
  }

  /** Up to which row they are in the store for good. The first row to `append` is this one. */
  get rowsWritten(): number {
    return this.#header?.rowsWritten ?? this.#rows.start
  }

  /** What the store holds; undefined before the first rows. */
  get header(): StoreHeader | undefined {
    return this.#header
  }

  /**
   * Takes the next rows; their numbers are copied. Resolves as soon as more can be taken, which is while they are
   * being written: what fails then is thrown by the next call.
   *
   * @throws InvalidArgumentError if they do not fit the rows before; StoreError if the store is full, or another writer
   *   has taken it over. Rows written before stay.
   */
  async append(rows: GradientRows): Promise<void> {
    this.#assertUsable()
    const { exampleCount: rowCount } = rows.block
    if (this.#rowsTaken + rowCount > this.#rows.end) {
      throw new InvalidArgumentError(
        'rows',
        `${rowCount} after the first ${this.#rowsTaken}`,
        `${this.#rows.end} rows in all, as the store was opened for`,
      )
    }
    const header = await this.#layOut(rows)
    const columns = this.#columns(rows, header)
    for (let row = 0; row < rowCount;) {
      const at = this.#rowsTaken % header.rowsPerChunk
      const count = Math.min(rowCount - row, header.rowsPerChunk - at)
      this.#fill(columns, row, at, count)
      row += count
      this.#rowsTaken += count
      if (at + count === header.rowsPerChunk || this.#rowsTaken === this.#rows.end) {
        await this.#flush(header, at + count)
      }
    }
  }

  /**
   * Ends the writing: waits for what is being written, and lets other writers in. Rows that fill no chunk are dropped,
   * unless they are the last; `rowsWritten` says where to go on.
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

  /** The header, made of the first rows; of a store that is continued, held to them. */
  async #layOut(rows: GradientRows): Promise<StoreHeader> {
    if (this.#isLaidOut && this.#header !== undefined) return this.#header
    const fresh = layOut(this.#options, rows, this.#header)
    if (this.#header !== undefined) refuseDifferent(layoutDifferences(this.#header, fresh))
    const header = { ...fresh, rowsWritten: this.rowsWritten }
    checkBorders(this.#rows, header)
    if (header.rowsWritten === this.#rows.start) {
      // The group first: from then on, whoever wants another layout is told.
      if (this.#options.rows !== undefined) {
        await this.#store.set(rootKey, encodeHeader(rootOfRanges(header)))
      }
      await this.#commit(header)
      for (const array of storeArrays(header)) {
        await this.#store.set(metadataKey(array.name), encodeArrayMetadata(array, header))
      }
    }
    const buffers = (): ChunkBuffer[] =>
      storeArrays(header).map((array) => new ChunkBuffer(array, header))
    this.#filling = buffers()
    this.#spare = buffers()
    this.#header = header
    this.#isLaidOut = true
    return header
  }

  /** What goes into each array but the exponents, in their order. */
  #columns(rows: GradientRows, header: StoreHeader): Map<string, ColumnData | undefined> {
    const { block, squaredNorms, labels, examples = [] } = rows
    const { exampleCount: rowCount } = block
    const ids =
      rows.ids?.data ?? Int32Array.from({ length: rowCount }, (_, i) => this.#rowsTaken + i)
    const arrays = storeArrays(header).filter(({ name }) => name !== exponentsName)
    const given = [
      ...blockColumns(block, header.segments),
      squaredNorms,
      labels.data,
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

  async #flush(header: StoreHeader, rowCount: number): Promise<void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure.error
    const full = this.#filling
    this.#filling = this.#spare
    this.#spare = full
    const chunk = Math.ceil(this.#rowsTaken / header.rowsPerChunk) - 1
    const written = { ...header, rowsWritten: this.#rowsTaken }
    this.#writing = this.#write(full, chunk, rowCount, written).catch((error: unknown) => {
      this.#failure = { error }
    })
    // There is nothing more to compute meanwhile, and whoever appended the last rows may look at the store.
    if (this.#rowsTaken === this.#rows.end) {
      await this.#writing
      this.#assertUsable()
    }
  }

  async #write(
    buffers: readonly ChunkBuffer[],
    chunk: number,
    rowCount: number,
    header: StoreHeader,
  ): Promise<void> {
    await this.#lock?.assertHeld()
    await eachAtOnce(buffers, (buffer) =>
      this.#store.set(chunkKey(buffer.array, chunk), buffer.encode(rowCount)),
    )
    await this.#commit(header)
    this.#header = header
  }

  async #commit(header: StoreHeader): Promise<void> {
    await this.#lock?.assertHeld()
    const { rows } = this.#options
    if (rows === undefined) await this.#store.set(rootKey, encodeHeader(header))
    else await this.#store.set(rangeKey(rows), encodeRange({ rows, header }))
  }
}

const isFloat16 = ({ type }: StoredArray): boolean => type === 'float16'

function clear(part: Uint16Array): number {
  part.fill(0)
  return 0
}

/** Runs the step for all items, a few at once; rejects with the first failure, when no step is running any more. */
async function eachAtOnce<Item>(
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
