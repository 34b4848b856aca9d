import { StoreError } from '../../../errors.js'
import type { ProjectionPlan } from '../../../gradients/projection/projection-plan.js'
import { JsonReader } from './json-reader.js'
import {
  type ColumnSpec,
  type ElementTypeName,
  elementTypes,
  rowByteLength,
  segmentArrays,
  type StoredArray,
  type StoredFloat,
  type StoredSegment,
} from './store-arrays.js'
import type { StoreIdentity } from './store-identity.js'
import { encodeProjection, parseProjection } from './stored-projection.js'

/** The examples themselves: one array per model input, or a page address each, in which `{id}` stands for the id. */
export type StoredExamples =
  { readonly arrays: readonly ColumnSpec[] } | { readonly urlTemplate: string }

/** What a store holds: the attribute `gradlens` of its group. */
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
  readonly ids: ColumnSpec
  readonly examples: StoredExamples | null
  /** True while ranges of rows are written by themselves: what is there, their records tell; see row-ranges.ts. */
  readonly isInRanges: boolean
}

const formatVersion = 1

export const rootKey = 'zarr.json'

export const exponentsName = 'exponents'

export const normsName = 'squared-norms'

/** All arrays of the store, the segments' first. */
export function storeArrays(
  header: Omit<StoreHeader, 'rowsWritten' | 'rowsPerChunk' | 'isInRanges'>,
): StoredArray[] {
  const { float, segments, labels, ids, examples } = header
  const gradients = segments.flatMap((segment, i) => segmentArrays(segment, i, float))
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
    column('ids', ids),
    ...inputs.map((spec, i) => column(`examples-${i}`, spec)),
  ]
}

/** What one row takes in all arrays, in bytes. */
export const headerRowByteLength = (header: StoreHeader): number =>
  storeArrays(header).reduce((sum, array) => sum + rowByteLength(array), 0)

/** The group's zarr.json. Equal headers give equal bytes. */
export const encodeHeader = (header: StoreHeader): Uint8Array<ArrayBuffer> =>
  encodeJson({
    zarr_format: 3,
    node_type: 'group',
    attributes: { gradlens: encodeAttributes(header) },
  })

export function encodeAttributes(header: StoreHeader): object {
  const { identity, examples, isInRanges } = header
  return {
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
    ids: encodeColumn(header.ids),
    examples:
      examples === null
        ? null
        : 'arrays' in examples
          ? { arrays: examples.arrays.map(encodeColumn) }
          : { url_template: examples.urlTemplate },
    ...(isInRanges ? { in_ranges: true } : {}),
  }
}

export const encodeJson = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)

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
 * Reads a group's zarr.json, believing nothing of it.
 *
 * @throws StoreError with failure `'damaged'` if it is no header, `'unsupported'` if it is one of another version
 */
export function parseHeader(bytes: Uint8Array): StoreHeader {
  const root = JsonReader.parse(rootKey, bytes)
  root.field('zarr_format').oneOf([3])
  root.field('node_type').oneOf(['group'])
  return parseAttributes(root.field('attributes').field('gradlens'))
}

/** @throws as `parseHeader` */
export function parseAttributes(gradlens: JsonReader): StoreHeader {
  const version = gradlens.field('format_version').integer(1)
  if (version !== formatVersion) {
    throw new StoreError(
      'unsupported',
      `The store has format version ${version}; this version of gradlens reads ${formatVersion}. Use a newer one.`,
    )
  }
  const rowCount = gradlens.field('row_count').integer(1, maxRowCount)
  const rowsPerChunk = gradlens.field('rows_per_chunk').integer(1, rowCount)
  const isInRanges = gradlens.optional('in_ranges') !== undefined
  const rowsWritten = gradlens.field('rows_written').integer(0, isInRanges ? 0 : rowCount)
  if (rowsWritten % rowsPerChunk !== 0 && rowsWritten !== rowCount) {
    throw new StoreError(
      'damaged',
      `${rootKey} of the store: got ${rowsWritten} rows_written; expected whole chunks of ` +
        `${rowsPerChunk} rows, or all ${rowCount}.`,
    )
  }
  const parameters = gradlens.field('parameters').list((parameter) => ({
    name: parameter.field('name').string(),
    shape: parameter.field('shape').list((length) => length.integer(0)),
  }))
  const segments = gradlens.field('segments').list(parseSegment)
  return {
    identity: {
      weightsHash: gradlens.field('weights_hash').string(),
      loss: gradlens.field('loss').string(),
      parameters,
    },
    float: gradlens.field('dtype').oneOf(['float32', 'float16']),
    rowCount,
    rowsWritten,
    rowsPerChunk,
    segments,
    projection: parseProjection(gradlens.field('projection'), parameters, segments),
    labels: parseColumn(gradlens.field('labels')),
    ids: parseColumn(gradlens.field('ids')),
    examples: parseExamples(gradlens.field('examples')),
    isInRanges,
  }
}

function parseSegment(json: JsonReader): StoredSegment {
  const parameter = json.field('parameter').string()
  const size = (name: string): number => json.field(name).integer(1)
  const kind = json.field('kind').oneOf(['dense', 'factored', 'lookup'])
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
        parameterRows: json.field('parameter_rows').integer(1, maxRowCount),
      }
  }
}

function parseColumn(json: JsonReader): ColumnSpec {
  return {
    type: json.field('dtype').oneOf(Object.keys(elementTypes) as ElementTypeName[]),
    rowShape: json.field('row_shape').list((length) => length.integer(1)),
  }
}

function parseExamples(json: JsonReader): StoredExamples | null {
  if (json.value === null) return null
  const template = json.optional('url_template')
  if (template !== undefined) return { urlTemplate: template.string() }
  return { arrays: json.field('arrays').list(parseColumn) }
}

/** Rows are counted in int32. */
const maxRowCount = 2 ** 31 - 1
