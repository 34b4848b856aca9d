import { InvalidArgumentError } from '../../../errors.js'
import type { ProjectionSettings } from '../../../gradients/projection/projection-options.js'
import type { RowRange } from '../../bytes/byte-store.js'
import {
  getColumnSpec,
  describeSegment,
  type GradientRows,
  getSegmentSpec,
} from './gradient-rows.js'
import type { ColumnSpec, StoredFloat } from './store-arrays.js'
import { emptyChecksumsHash } from './checksums.js'
import { countHeaderRowBytes, type StoredExamples, type StoreHeader } from './store-header.js'
import type { StoreIdentity } from './store-identity.js'
import { describeProjection } from './stored-projection.js'

export interface WriterOptions {
  readonly identity: StoreIdentity
  /** How many rows the store will have. */
  readonly rowCount: number
  /** `'float32'` (default) is exact; `'float16'` has half the size and eleven significant bits. */
  readonly dtype?: StoredFloat | undefined
  /** Rows per chunk, the same in all arrays; as many as fit in 16 MiB by default. */
  readonly rowsPerChunk?: number | undefined
  /** How gradients are projected; exact if left out. */
  readonly projection?: ProjectionSettings | undefined
  /** The URL of an example with `{id}` in place of its id, if examples are not stored. */
  readonly exampleUrl?: string | undefined
  /** The rows that this writer writes while other writers write others. All by default. */
  readonly rows?: RowRange | undefined
}

/** The header of a store with these first rows; `existing` is the header of a store that is continued. */
export function createHeader(
  options: WriterOptions,
  { block, labels, labelFactors, ids, examples, projection }: GradientRows,
  existing: StoreHeader | undefined,
): StoreHeader {
  const { identity, rowCount, dtype = 'float32', exampleUrl } = options
  if (block.segments.length === 0) {
    throw new InvalidArgumentError('block', 'no segments', 'the gradient of one parameter or more')
  }
  const header: StoreHeader = {
    identity,
    float: dtype,
    rowCount,
    rowsWritten: 0,
    rowsPerChunk: 1,
    segments: block.segments.map(getSegmentSpec),
    projection: projection ?? null,
    labels: getColumnSpec(labels),
    labelFactors: labelFactors === undefined ? null : getColumnSpec(labelFactors),
    ids: ids === undefined ? { type: 'int32', rowShape: [] } : getColumnSpec(ids),
    examples: describeStoredExamples(examples, exampleUrl),
    isInRanges: false,
    checksumsHash: emptyChecksumsHash,
  }
  const rowsPerChunk =
    options.rowsPerChunk ??
    existing?.rowsPerChunk ??
    Math.max(1, Math.floor(chunkBytes / countHeaderRowBytes(header)))
  return { ...header, rowsPerChunk: Math.min(rowsPerChunk, rowCount) }
}

/** For the chunks of all arrays of the same rows together: enough to stream well, and little to keep twice. */
const chunkBytes = 16 * 2 ** 20

function describeStoredExamples(
  examples: GradientRows['examples'],
  urlTemplate: string | undefined,
): StoredExamples | null {
  if (examples !== undefined) return { arrays: examples.map(getColumnSpec) }
  return urlTemplate === undefined ? null : { urlTemplate }
}

/** Why rows with a new header cannot be added to the store, a sentence each. */
export function compareHeaders(store: StoreHeader, fresh: StoreHeader): string[] {
  const found: string[] = []
  const compare = (what: string, theirs: string, ours: string): void => {
    if (theirs !== ours) found.push(`${what}: ${theirs} in the store, ${ours} here`)
  }
  compare('rows in all', String(store.rowCount), String(fresh.rowCount))
  compare('dtype', store.float, fresh.float)
  compare('rows per chunk', String(store.rowsPerChunk), String(fresh.rowsPerChunk))
  compare('projection', describeProjection(store.projection), describeProjection(fresh.projection))
  compare('segments', describeSegments(store), describeSegments(fresh))
  compare('labels', describeColumn(store.labels), describeColumn(fresh.labels))
  const [theirs, ours] = [store, fresh].map(({ labelFactors }) =>
    labelFactors === null ? 'none' : describeColumn(labelFactors),
  )
  compare('weights or mask of the labels', theirs!, ours!)
  compare('ids', describeColumn(store.ids), describeColumn(fresh.ids))
  compare('examples', describeExamples(store.examples), describeExamples(fresh.examples))
  return found
}

const describeSegments = ({ segments }: StoreHeader): string =>
  segments.map(describeSegment).join('; ')

const describeColumn = ({ type, rowShape }: ColumnSpec): string =>
  `${type} [${rowShape.join(', ')}]`

function describeExamples(examples: StoredExamples | null): string {
  if (examples === null) return 'none'
  if ('urlTemplate' in examples) return `at '${examples.urlTemplate}'`
  return examples.arrays.map(describeColumn).join('; ')
}
