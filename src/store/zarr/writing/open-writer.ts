import { InvalidArgumentError, StoreError, isGradlensError } from '../../../errors.js'
import { positiveInteger } from '../../../options.js'
import type { RowRange, WritableByteStore } from '../../bytes/byte-store.js'
import { GradientWriter } from './gradient-writer.js'
import type { WriterOptions } from '../format/layout.js'
import { assertRangesPossible, checkRows, readRange, refuseOverlap } from '../format/row-ranges.js'
import { differences, refuseDifferent } from '../format/store-identity.js'
import { describeSettings } from '../format/stored-projection.js'
import type { StoreHeader } from '../format/store-header.js'
import { loadNumberKernels } from '../../../gradients/numbers/number-kernels.js'

/**
 * A writer to the store: of a new one, or of one that was left unfinished, which goes on after its last whole chunk
 * (`rowsWritten`). Other writers are kept out until it is closed; those of other ranges of rows, where it writes a range.
 *
 * @throws StoreError with failure `'locked'` if somebody else writes to the store, `'different'` if it is of another
 *   model, loss, parameter list, dtype, projection or number of rows, or written in ranges where this one is not
 */
export async function openGradientWriter(
  store: WritableByteStore,
  options: WriterOptions,
): Promise<GradientWriter> {
  const { rows, rowCount } = options
  positiveInteger('rowCount', rowCount)
  if (options.rowsPerChunk !== undefined) positiveInteger('rowsPerChunk', options.rowsPerChunk)
  if (rows !== undefined) {
    checkRows(rows, rowCount)
    assertRangesPossible(store)
  }
  if (typeof store.set !== 'function') {
    throw new InvalidArgumentError('store', 'a store without set', 'one that can be written')
  }
  const lock = await store.lock?.(rows)
  try {
    const { readHeader } = await import('../reading/open-reader.js')
    const [root] = await Promise.all([readHeader(store), loadNumberKernels()])
    if (root !== undefined) refuseDifferent(headerDifferences(options, root))
    const header = rows === undefined ? wholeStore(root) : await range(store, rows, root, options)
    if (header === undefined) return new GradientWriter(store, lock, options, undefined)
    const rowsWritten = await wholeRows(store, header, rows?.start ?? 0)
    return new GradientWriter(store, lock, options, { ...header, rowsWritten })
  } catch (error) {
    await lock?.release()
    throw error
  }
}

function wholeStore(root: StoreHeader | undefined): StoreHeader | undefined {
  if (root?.isInRanges !== true) return root
  throw new StoreError(
    'different',
    'The store is being written in ranges of rows. Write those that are missing in the same way, then merge it; or ' +
      'write to a store of another name.',
  )
}

/** What the range has come to; undefined if neither it nor any other was begun. */
async function range(
  store: WritableByteStore,
  rows: RowRange,
  root: StoreHeader | undefined,
  options: WriterOptions,
): Promise<StoreHeader | undefined> {
  if (root !== undefined && !root.isInRanges) {
    // Merged already, if it was in ranges.
    if (root.rowsWritten === root.rowCount) return { ...root, rowsWritten: rows.end }
    throw new StoreError(
      'different',
      'The store was begun as a whole, not in ranges of rows. Complete it without rows, or write to a store of ' +
        'another name.',
    )
  }
  await refuseOverlap(store, rows)
  const record = await readRange(store, rows)
  if (record === undefined)
    return root === undefined ? undefined : { ...root, rowsWritten: rows.start }
  refuseDifferent(headerDifferences(options, record.header))
  return record.header
}

function headerDifferences(options: WriterOptions, header: StoreHeader): string[] {
  const { identity, rowCount, dtype = 'float32', rowsPerChunk = header.rowsPerChunk } = options
  const { projection = null } = options
  const found = differences(identity, header.identity)
  if (header.rowCount !== rowCount) {
    found.push(`it has ${header.rowCount} rows in all, here ${rowCount}`)
  }
  if (header.float !== dtype) found.push(`it holds ${header.float}, here ${dtype}`)
  const [theirs, ours] = [header.projection, projection].map((settings) =>
    settings === null ? 'exact' : `projected to ${describeSettings(settings)}`,
  )
  if (theirs !== ours) found.push(`its gradients are ${theirs!}, here ${ours!}`)
  if (header.rowsPerChunk !== Math.min(rowsPerChunk, rowCount)) {
    found.push(`its chunks have ${header.rowsPerChunk} rows, here ${rowsPerChunk}`)
  }
  return found
}

/** Up to where rows are whole: to the first chunk that did not outlast what ended the last writer, a failure of power. */
async function wholeRows(
  store: WritableByteStore,
  header: StoreHeader,
  first: number,
): Promise<number> {
  const { rowsPerChunk } = header
  let { rowsWritten } = header
  if (rowsWritten === first) return first
  const { readerOf } = await import('../reading/open-reader.js')
  const reader = await readerOf(store, header, { maxByteLength: Infinity })
  while (rowsWritten > first) {
    const start = Math.floor((rowsWritten - 1) / rowsPerChunk) * rowsPerChunk
    try {
      await Promise.all([
        reader.gradients(start, rowsWritten),
        reader.labels(start, rowsWritten),
        reader.ids(start, rowsWritten),
        reader.examples(start, rowsWritten),
      ])
      return rowsWritten
    } catch (error) {
      if (!isLost(error)) throw error
      rowsWritten = start
    }
  }
  return first
}

const isLost = (error: unknown): boolean =>
  isGradlensError(error, 'StoreError') &&
  (error.failure === 'missing' || error.failure === 'damaged')
