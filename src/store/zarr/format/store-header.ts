import { StoreError } from '../../../errors.js'
import type { ProjectionPlan } from '../../../gradients/projection/projection-plan.js'
import { encodeArrayMetadata, formatMetadataKey, type RowCounts } from './array-metadata.js'
import { encodeJson } from './encode-json.js'
import { JsonReader } from './json-reader.js'
import { checkSeal, sealObject } from './sealed-json.js'
import {
  type ColumnSpec,
  type ElementTypeName,
  elementTypes,
  countRowBytes,
  listSegmentArrays,
  type StoredArray,
  type StoredFloat,
  type StoredSegment,
} from './store-arrays.js'
import type { StoreIdentity } from './store-identity.js'
import { encodeProjection, parseProjection } from './stored-projection.js'

/** The stored examples: one array per model input, or a URL per example with `{id}` for its id. */
export type StoredExamples =
  { readonly arrays: readonly ColumnSpec[] } | { readonly urlTemplate: string }

/** What a store contains: the attribute `gradlens` of its group. */
export interface StoreHeader {
  readonly identity: StoreIdentity
  readonly float: StoredFloat
  /** How many rows the store has once it is complete. */
  readonly rowCount: number
  /** How many rows, from the first one on, have been written in full. */
  readonly rowsWritten: number
  readonly rowsPerChunk: number
  readonly segments: readonly StoredSegment[]
  /** How the gradients were projected; null if they are exact. */
  readonly projection: ProjectionPlan | null
  readonly labels: ColumnSpec
  /** How much each position's loss counts; null if all count the same. */
  readonly labelFactors: ColumnSpec | null
  readonly ids: ColumnSpec
  readonly examples: StoredExamples | null
  /** True while ranges of rows are written separately. Their records say which rows exist; see row-ranges.ts. */
  readonly isInRanges: boolean
  /** The hash of the checksums of all chunks of the written rows. */
  readonly checksumsHash: string
}

const formatVersion = 1

export const rootKey = 'zarr.json'

export const exponentsName = 'exponents'

export const normsName = 'squared-norms'

export const labelFactorsName = 'label-factors'

/** The arrays with a line per row, those of the segments first. */
export function listArrays(
  header: Pick<StoreHeader, 'float' | 'segments' | 'labels' | 'labelFactors' | 'ids' | 'examples'>,
): StoredArray[] {
  const { float, segments, labels, labelFactors, ids, examples } = header
  const gradients = segments.flatMap((segment, i) => listSegmentArrays(segment, i, float))
  const floatCount = gradients.filter(({ type }) => type === float).length
  const column = (name: string, { type, rowShape }: ColumnSpec): StoredArray => ({
    name,
    type,
    rowShape,
    axes: rowShape.map((_, axis) => `axis-${axis + 1}`),
  })
  const inputs = examples !== null && 'arrays' in examples ? examples.arrays : []
  return [
    ...gradients,
    ...(float === 'float16'
      ? [column(exponentsName, { type: 'int16', rowShape: [floatCount] })]
      : []),
    column(normsName, { type: 'float64', rowShape: [] }),
    column('labels', labels),
    ...(labelFactors === null ? [] : [column(labelFactorsName, labelFactors)]),
    column('ids', ids),
    ...inputs.map((spec, i) => column(`examples-${i}`, spec)),
  ]
}

/** The array of checksums: a line per chunk of rows, with a number per array. */
export function getChecksumsArray(header: StoreHeader): StoredArray & RowCounts {
  const { rowCount, rowsPerChunk } = header
  const arrayCount = listArrays(header).length
  const lineCount = Math.ceil(rowCount / rowsPerChunk)
  return {
    name: 'checksums',
    type: 'uint32',
    rowShape: [arrayCount],
    axes: ['array'],
    rowAxis: 'chunk',
    rowCount: lineCount,
    rowsPerChunk: Math.max(1, Math.min(lineCount, Math.floor(mostChecksumsPerChunk / arrayCount))),
  }
}

/** 64 KiB: little to write again with each chunk of rows, and few files to read. */
const mostChecksumsPerChunk = 2 ** 14

/** The zarr.json of all arrays, by key. */
export function encodeArrays(header: StoreHeader): [string, Uint8Array<ArrayBuffer>][] {
  const checksums = getChecksumsArray(header)
  return [
    ...listArrays(header).map((array) => ({ array, rows: header })),
    { array: checksums, rows: checksums },
  ].map(({ array, rows }) => [formatMetadataKey(array.name), encodeArrayMetadata(array, rows)])
}

/** How many bytes a row has in all arrays. */
export const countHeaderRowBytes = (header: StoreHeader): number =>
  listArrays(header).reduce((sum, array) => sum + countRowBytes(array), 0)

/** The group's zarr.json. Equal headers give equal bytes. */
export const encodeHeader = async (header: StoreHeader): Promise<Uint8Array<ArrayBuffer>> =>
  encodeJson({
    zarr_format: 3,
    node_type: 'group',
    attributes: { gradlens: await encodeAttributes(header) },
  })

export async function encodeAttributes(header: StoreHeader): Promise<object> {
  const { identity, labelFactors, examples, isInRanges } = header
  return sealObject({
    format_version: formatVersion,
    row_count: header.rowCount,
    rows_written: header.rowsWritten,
    rows_per_chunk: header.rowsPerChunk,
    dtype: header.float,
    weights_hash: identity.weightsHash,
    loss: identity.loss,
    parameters: identity.parameters.map(({ name, shape }) => ({ name, shape })),
    segments: header.segments.map(encodeSegment),
    projection: encodeProjection(header.projection),
    labels: encodeColumn(header.labels),
    ...(labelFactors === null ? {} : { label_factors: encodeColumn(labelFactors) }),
    ids: encodeColumn(header.ids),
    examples:
      examples === null
        ? null
        : 'arrays' in examples
          ? { arrays: examples.arrays.map(encodeColumn) }
          : { url_template: examples.urlTemplate },
    ...(isInRanges ? { in_ranges: true } : {}),
    checksums_hash: header.checksumsHash,
  })
}

const encodeColumn = ({ type, rowShape }: ColumnSpec): object => ({
  dtype: type,
  row_shape: rowShape,
})

function encodeSegment(segment: StoredSegment): object {
  const { parameter, kind } = segment
  switch (segment.kind) {
    case 'dense':
      return { parameter, kind, size: segment.size }
    case 'factored': {
      const { positions, inputSize, outputSize } = segment
      return { parameter, kind, positions, input_size: inputSize, output_size: outputSize }
    }
    case 'lookup': {
      const { positions, rowSize, parameterRows } = segment
      return { parameter, kind, positions, row_size: rowSize, parameter_rows: parameterRows }
    }
  }
}

/**
 * Reads a group's zarr.json and checks all of it.
 *
 * @throws StoreError with failure `'damaged'` if it isn't a header or was changed, `'unsupported'` if it has another
 *   format version
 */
export async function parseHeader(bytes: Uint8Array): Promise<StoreHeader> {
  const root = JsonReader.parse(rootKey, bytes)
  root.get('zarr_format').toChoice([3])
  root.get('node_type').toChoice(['group'])
  return parseAttributes(root.get('attributes').get('gradlens'))
}

/** @throws as `parseHeader` */
export async function parseAttributes(gradlens: JsonReader): Promise<StoreHeader> {
  const version = gradlens.get('format_version').toInteger(1)
  if (version !== formatVersion) {
    throw new StoreError(
      'unsupported',
      `The store has format version ${version}; this version of gradlens reads ${formatVersion}. Use a newer one.`,
    )
  }
  await checkSeal(gradlens)
  const rowCount = gradlens.get('row_count').toInteger(1, maxRowCount)
  const rowsPerChunk = gradlens.get('rows_per_chunk').toInteger(1, rowCount)
  const isInRanges = gradlens.getOptional('in_ranges')?.toChoice([true]) ?? false
  const rowsWritten = gradlens.get('rows_written').toInteger(0, isInRanges ? 0 : rowCount)
  if (rowsWritten % rowsPerChunk !== 0 && rowsWritten !== rowCount) {
    throw new StoreError(
      'damaged',
      `${rootKey} of the store: got ${rowsWritten} rows_written; expected whole chunks of ` +
        `${rowsPerChunk} rows, or all ${rowCount}.`,
    )
  }
  const parameters = gradlens.get('parameters').toList((parameter) => ({
    name: parameter.get('name').toText(),
    shape: parameter.get('shape').toList((length) => length.toInteger(0)),
  }))
  const segments = gradlens.get('segments').toList(parseSegment)
  const factors = gradlens.getOptional('label_factors')
  return {
    identity: {
      weightsHash: gradlens.get('weights_hash').toText(),
      loss: gradlens.get('loss').toText(),
      parameters,
    },
    float: gradlens.get('dtype').toChoice(['float32', 'float16']),
    rowCount,
    rowsWritten,
    rowsPerChunk,
    segments,
    projection: parseProjection(gradlens.get('projection'), parameters, segments),
    labels: parseColumn(gradlens.get('labels')),
    labelFactors: factors === undefined ? null : parseColumn(factors),
    ids: parseColumn(gradlens.get('ids')),
    examples: parseExamples(gradlens.get('examples')),
    isInRanges,
    checksumsHash: gradlens.get('checksums_hash').toText(),
  }
}

function parseSegment(json: JsonReader): StoredSegment {
  const parameter = json.get('parameter').toText()
  const size = (name: string): number => json.get(name).toInteger(1)
  const kind = json.get('kind').toChoice(['dense', 'factored', 'lookup'])
  switch (kind) {
    case 'dense':
      return { parameter, kind, size: size('size') }
    case 'factored':
      return {
        parameter,
        kind,
        positions: size('positions'),
        inputSize: size('input_size'),
        outputSize: size('output_size'),
      }
    case 'lookup':
      return {
        parameter,
        kind,
        positions: size('positions'),
        rowSize: size('row_size'),
        parameterRows: json.get('parameter_rows').toInteger(1, maxRowCount),
      }
  }
}

function parseColumn(json: JsonReader): ColumnSpec {
  return {
    type: json.get('dtype').toChoice(Object.keys(elementTypes) as ElementTypeName[]),
    rowShape: json.get('row_shape').toList((length) => length.toInteger(1)),
  }
}

function parseExamples(json: JsonReader): StoredExamples | null {
  if (json.value === null) return null
  const template = json.getOptional('url_template')
  if (template !== undefined) return { urlTemplate: template.toText() }
  return { arrays: json.get('arrays').toList(parseColumn) }
}

/** Rows are counted in int32. */
const maxRowCount = 2 ** 31 - 1
