import { InvalidArgumentError, StoreError } from '../../../errors.js'
import { readPositiveInteger } from '../../../options.js'
import type { RowRange, WritableByteStore } from '../../bytes/byte-store.js'
import type { FoundRows } from './find-intact-rows.js'
import { GradientWriter } from './gradient-writer.js'
import { emptyChecksumsHash } from '../format/checksums.js'
import type { WriterOptions } from '../format/create-header.js'
import { assertRangesPossible, checkRows, readRange, refuseOverlap } from '../format/row-ranges.js'
import { compareIdentities, refuseDifferences } from '../format/store-identity.js'
import { describeSettings } from '../format/stored-projection.js'
import type { StoreHeader } from '../format/store-header.js'
import { loadNumberKernels } from '../../../gradients/numbers/number-kernels.js'

/**
 * A writer of a new store, or of an unfinished one, which it continues after the last whole chunk (`rowsWritten`). It
 * locks the store until it is closed: all of it, or the rows of its range.
 *
 * @throws StoreError with failure `'locked'` if another writer has the store, `'different'` if the store is of another
 *   model, loss, parameter list, dtype, projection or number of rows, or is written in ranges and this writer isn't
 */
export async function openGradientWriter(
  store: WritableByteStore,
  options: WriterOptions,
): Promise<GradientWriter> {
  const { rows, rowCount } = options
  readPositiveInteger('rowCount', rowCount)
  if (options.rowsPerChunk !== undefined) readPositiveInteger('rowsPerChunk', options.rowsPerChunk)
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
    if (root !== undefined) refuseDifferences(compareOptions(options, root))
    const found =
      rows === undefined ? findWholeStore(root) : await findRange(store, rows, root, options)
    if (found === undefined) return new GradientWriter(store, lock, options, undefined)
    const { findIntactRows } = await import('./find-intact-rows.js')
    const intact = await findIntactRows(store, found, rows?.start ?? 0)
    return new GradientWriter(store, lock, options, intact)
  } catch (error) {
    await lock?.release()
    throw error
  }
}

function findWholeStore(root: StoreHeader | undefined): FoundRows | undefined {
  if (root?.isInRanges !== true) return root === undefined ? undefined : { header: root }
  throw new StoreError(
    'different',
    'The store is being written in ranges of rows. Write the missing ranges in the same way and then merge it, or ' +
      'write to a store of another name.',
  )
}

/** The state of the range; undefined if neither it nor any other range was started. */
async function findRange(
  store: WritableByteStore,
  rows: RowRange,
  root: StoreHeader | undefined,
  options: WriterOptions,
): Promise<FoundRows | undefined> {
  if (root !== undefined && !root.isInRanges) {
    // The ranges may have been merged already.
    if (root.rowsWritten === root.rowCount) return { header: root, end: rows.end }
    throw new StoreError(
      'different',
      'The store was started as a whole, not in ranges of rows. Complete it without rows, or write to a store of ' +
        'another name.',
    )
  }
  await refuseOverlap(store, rows)
  const record = await readRange(store, rows)
  if (record === undefined) {
    if (root === undefined) return undefined
    return {
      header: { ...root, rowsWritten: rows.start, checksumsHash: emptyChecksumsHash },
      range: rows,
    }
  }
  refuseDifferences(compareOptions(options, record.header))
  return { header: record.header, range: rows }
}

function compareOptions(options: WriterOptions, header: StoreHeader): string[] {
  const { identity, rowCount, dtype = 'float32', rowsPerChunk = header.rowsPerChunk } = options
  const { projection = null } = options
  const found = compareIdentities(identity, header.identity)
  if (header.rowCount !== rowCount) {
    found.push(`it has ${header.rowCount} rows in all, here ${rowCount}`)
  }
  if (header.float !== dtype) found.push(`it has ${header.float}, here ${dtype}`)
  const [theirs, ours] = [header.projection, projection].map((settings) =>
    settings === null ? 'exact' : `projected to ${describeSettings(settings)}`,
  )
  if (theirs !== ours) found.push(`its gradients are ${theirs!}, here ${ours!}`)
  if (header.rowsPerChunk !== Math.min(rowsPerChunk, rowCount)) {
    found.push(`its chunks have ${header.rowsPerChunk} rows, here ${rowsPerChunk}`)
  }
  return found
}
