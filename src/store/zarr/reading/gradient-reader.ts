import type { CompactBlock, CompactSegment } from '../../../gradients/block.js'
import {
  type Float16Block,
  type Float16Values,
  isFloat16Block,
} from '../../../gradients/float16-block.js'
import { InvalidArgumentError, StoreError } from '../../../errors.js'
import { type NdArray, sizeOf, type TypedArray } from '../../../ndarray.js'
import { describe } from '../../../options.js'
import { decodeBlock } from '../../../gradients/decode-block.js'
import type { ProjectionPlan } from '../../../gradients/projection/projection-plan.js'
import type { ChunkReader, ChunkReadOptions } from './chunk-reader.js'
import { readAll } from './read-all.js'
import {
  elementTypes,
  countRowBytes,
  listSegmentArrays,
  type StoredArray,
  type StoredFloat,
  type StoredSegment,
} from '../format/store-arrays.js'
import {
  exponentsName,
  labelFactorsName,
  countHeaderRowBytes,
  normsName,
  type StoreHeader,
} from '../format/store-header.js'
import type { StoreIdentity } from '../format/store-identity.js'

/** Options of reads from a store of gradients. */
export interface StoreReadOptions {
  /** Ends the read: it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
}

/** Gradients of consecutive examples from a store. */
export interface StoredGradients {
  readonly block: CompactBlock
  /** ‖g‖² per row, from the gradients as they were computed. */
  readonly squaredNorms: Float64Array
}

/**
 * Reads the rows of a store. Each chunk is checked when it is read: that it is intact, and that it is the one that was
 * written at its place. A damaged chunk is read a second time and then reported. Nothing is kept between calls.
 */
export class GradientReader {
  readonly #header: StoreHeader
  readonly #chunks: ReadonlyMap<string, ChunkReader>
  readonly #arrays: ReadonlyMap<string, StoredArray>
  readonly #maxByteLength: number

  constructor(
    header: StoreHeader,
    arrays: readonly StoredArray[],
    chunks: readonly ChunkReader[],
    maxByteLength: number,
  ) {
    this.#header = header
    this.#arrays = new Map(arrays.map((array) => [array.name, array]))
    this.#chunks = new Map(arrays.map(({ name }, i) => [name, chunks[i]!]))
    this.#maxByteLength = maxByteLength
  }

  /** How many rows can be read: all once the store is complete. */
  get rowCount(): number {
    return this.#header.rowsWritten
  }

  /** How many rows the store will have once it is complete. */
  get totalRowCount(): number {
    return this.#header.rowCount
  }

  /** True while ranges of rows are written separately. No row can be read before they are merged. */
  get isInRanges(): boolean {
    return this.#header.isInRanges
  }

  /** Reads that start and end at multiples of this number read no chunk twice. */
  get rowsPerChunk(): number {
    return this.#header.rowsPerChunk
  }

  /** The number format of the stored gradients. */
  get dtype(): StoredFloat {
    return this.#header.float
  }

  /** The model and the loss of the gradients. */
  get identity(): StoreIdentity {
    return this.#header.identity
  }

  /** The layout of each parameter's gradient, the same in all rows. */
  get segments(): readonly StoredSegment[] {
    return this.#header.segments
  }

  /** How the gradients were projected; null if they are exact. */
  get projection(): ProjectionPlan | null {
    return this.#header.projection
  }

  /** The size of a row in the store, in bytes, including its label, id and example. */
  get rowByteLength(): number {
    return countHeaderRowBytes(this.#header)
  }

  /**
   * The gradients of the rows from `start` to `end` − 1 in float32, in arrays that the caller owns.
   *
   * @throws StoreError with array and chunk if they are missing or damaged; InvalidArgumentError for rows that the store
   *   doesn't have, or that exceed its limit of bytes
   */
  async readGradients(
    start: number,
    end: number,
    { signal }: StoreReadOptions = {},
  ): Promise<StoredGradients> {
    const names = [...this.#listGradientNames().flat(), ...this.#extraNames, normsName]
    const data = await this.#read(names, start, end, { signal })
    const block = this.#createBlock(data, start, end)
    return {
      block: isFloat16Block(block) ? decodeBlock(block) : block,
      squaredNorms: data.get(normsName) as Float64Array,
    }
  }

  /**
   * Like `readGradients`, but without norms and in the stored number type, as a part of a scan of all rows.
   */
  async readStored(
    start: number,
    end: number,
    { signal, buffers }: Pick<ChunkReadOptions, 'signal' | 'buffers'> = {},
  ): Promise<CompactBlock | Float16Block> {
    const names = [...this.#listGradientNames().flat(), ...this.#extraNames]
    const data = await this.#read(names, start, end, { signal, buffers, isScan: true })
    const release = (buffer: ArrayBuffer): void => buffers?.give(buffer)
    // The reader owns what a store returns.
    return { ...this.#createBlock(data, start, end), release }
  }

  /** ‖g‖² per row, [end − start], from the gradients as they were computed. */
  async readSquaredNorms(
    start: number,
    end: number,
    { signal }: StoreReadOptions = {},
  ): Promise<Float64Array> {
    const data = await this.#read([normsName], start, end, { signal })
    return data.get(normsName) as Float64Array
  }

  /** The labels as they were given to the loss, [end − start, …]. */
  async readLabels(start: number, end: number, options: StoreReadOptions = {}): Promise<NdArray> {
    return this.#readColumn('labels', start, end, options)
  }

  /** `[end − start, …]`: how much the loss of each position counts; null if all count the same. */
  async readLabelFactors(
    start: number,
    end: number,
    options: StoreReadOptions = {},
  ): Promise<NdArray | null> {
    if (this.#header.labelFactors === null) return null
    return this.#readColumn(labelFactorsName, start, end, options)
  }

  /** The id of each row's training example, [end − start]. */
  async readIds(start: number, end: number, options: StoreReadOptions = {}): Promise<NdArray> {
    return this.#readColumn('ids', start, end, options)
  }

  /** The examples, one array [end − start, …] per model input; null if they aren't stored. */
  async readExamples(
    start: number,
    end: number,
    options: StoreReadOptions = {},
  ): Promise<NdArray[] | null> {
    const { examples } = this.#header
    if (examples === null || !('arrays' in examples)) return null
    const names = examples.arrays.map((_, i) => `examples-${i}`)
    return Promise.all(names.map((name) => this.#readColumn(name, start, end, options)))
  }

  /** The URL of the example with that id; null if the store has no URLs. */
  formatExampleUrl(id: number | string): string | null {
    const { examples } = this.#header
    if (examples === null || !('urlTemplate' in examples)) return null
    return examples.urlTemplate.replaceAll('{id}', encodeURIComponent(String(id)))
  }

  async #readColumn(
    name: string,
    start: number,
    end: number,
    { signal }: StoreReadOptions,
  ): Promise<NdArray> {
    const data = await this.#read([name], start, end, { signal })
    return { data: data.get(name)!, shape: [end - start, ...this.#arrays.get(name)!.rowShape] }
  }

  /** The names of each segment's arrays. */
  #listGradientNames(): string[][] {
    const { float, segments } = this.#header
    return segments.map((segment, i) =>
      listSegmentArrays(segment, i, float).map(({ name }) => name),
    )
  }

  get #extraNames(): readonly string[] {
    return this.#header.float === 'float16' ? [exponentsName] : []
  }

  #createBlock(
    data: ReadonlyMap<string, TypedArray>,
    start: number,
    end: number,
  ): CompactBlock | Float16Block {
    const rowCount = end - start
    const exponents = data.get(exponentsName)
    if (exponents === undefined) {
      const floats = (name: string): Float32Array => data.get(name) as Float32Array
      return { exampleCount: rowCount, segments: this.#createSegments(data, start, floats) }
    }
    const stride = exponents.length / rowCount
    let column = 0
    const floats = (name: string): Float16Values => {
      const own = new Int16Array(rowCount)
      for (let row = 0; row < rowCount; row++) own[row] = exponents[row * stride + column]!
      column++
      return { bits: data.get(name) as Uint16Array, exponents: own }
    }
    return { exampleCount: rowCount, segments: this.#createSegments(data, start, floats) }
  }

  #createSegments<Floats>(
    data: ReadonlyMap<string, TypedArray>,
    start: number,
    floats: (name: string) => Floats,
  ): CompactSegment<Floats>[] {
    const names = this.#listGradientNames()
    return this.#header.segments.map((segment, i): CompactSegment<Floats> => {
      const [first, second] = names[i]! as [string, string]
      switch (segment.kind) {
        case 'dense':
          return { ...segment, values: floats(first) }
        case 'factored':
          return { ...segment, a: floats(first), delta: floats(second) }
        case 'lookup': {
          const indices = data.get(first) as Int32Array
          this.#checkIndices(first, indices, segment.parameterRows, start)
          return { ...segment, indices, delta: floats(second) }
        }
      }
    })
  }

  async #read(
    names: readonly string[],
    start: number,
    end: number,
    { signal, ...options }: ChunkReadOptions,
  ): Promise<Map<string, TypedArray>> {
    signal?.throwIfAborted()
    const arrays = names.map((name) => this.#arrays.get(name)!)
    this.#checkRange(arrays, start, end)
    const read = await readAll(
      arrays,
      (array, reading) => this.#readRows(array, start, end, { ...options, signal: reading }),
      signal,
    )
    return new Map(names.map((name, i) => [name, read[i]!]))
  }

  #checkRange(arrays: readonly StoredArray[], start: number, end: number): void {
    const isRange = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end
    if (!isRange || end > this.rowCount) {
      throw new InvalidArgumentError(
        'rows',
        `${describe(start)} to ${describe(end)}`,
        `a range within the ${this.rowCount} rows of the store`,
      )
    }
    const byteLength = (end - start) * arrays.reduce((sum, array) => sum + countRowBytes(array), 0)
    if (byteLength <= this.#maxByteLength) return
    throw new InvalidArgumentError(
      'rows',
      `${end - start}, ${byteLength} bytes`,
      `no more than ${this.#maxByteLength} bytes at once: fewer rows, or a higher maxByteLength`,
    )
  }

  /** Reads rows of one array. Rows of a single chunk are not copied. */
  async #readRows(
    array: StoredArray,
    start: number,
    end: number,
    options: ChunkReadOptions,
  ): Promise<TypedArray> {
    const { rowsPerChunk } = this.#header
    const rowSize = sizeOf(array.rowShape)
    const reader = this.#chunks.get(array.name)!
    const part = async (chunk: number): Promise<TypedArray> => {
      const offset = chunk * rowsPerChunk
      const data = await reader.read(chunk, options)
      const last = Math.min(end, offset + rowsPerChunk)
      return data.subarray((Math.max(start, offset) - offset) * rowSize, (last - offset) * rowSize)
    }
    const first = Math.floor(start / rowsPerChunk)
    const count = Math.floor((end - 1) / rowsPerChunk) - first + 1
    if (count === 1) return part(first)

    const { view, byteLength } = elementTypes[array.type]
    const length = (end - start) * rowSize
    const rows = view(new ArrayBuffer(length * byteLength), 0, length)
    // One after the other, so that only one chunk is in memory besides the rows.
    let at = 0
    for (let chunk = first; chunk < first + count; chunk++) {
      const data = await part(chunk)
      rows.set(data, at)
      at += data.length
    }
    return rows
  }

  #checkIndices(name: string, indices: Int32Array, parameterRows: number, start: number): void {
    const at = indices.findIndex((index) => index < 0 || index >= parameterRows)
    if (at < 0) return
    const { rowShape } = this.#arrays.get(name)!
    const row = start + Math.floor(at / sizeOf(rowShape))
    const chunk = Math.floor(row / this.#header.rowsPerChunk)
    throw new StoreError(
      'damaged',
      `array ${name}, chunk ${chunk} of the store: got index ${String(indices[at])} in row ${row}; ` +
        `expected one of the parameter's ${parameterRows} rows.`,
      { array: name, chunk },
    )
  }
}
