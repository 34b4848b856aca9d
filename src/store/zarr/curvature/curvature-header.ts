import {
  type BlockShape,
  countEigenvalueRows,
  type CurvatureRule,
  hasInputBasis,
  hasOutputBasis,
} from '../../../curvature/curvature-block.js'
import type { CurvatureName } from '../../../curvature/curvature-options.js'
import { StoreError } from '../../../errors.js'
import type { RowCounts } from '../format/array-metadata.js'
import { encodeJson } from '../format/encode-json.js'
import { JsonReader } from '../format/json-reader.js'
import { checkSeal, sealObject } from '../format/sealed-json.js'
import type { ElementTypeName, StoredArray, StoredFloat } from '../format/store-arrays.js'
import type { StoreIdentity } from '../format/store-identity.js'

/** What a stored curvature is of, and how it was estimated: the attribute `gradlens_curvature` of its group. */
export interface CurvatureHeader {
  readonly identity: StoreIdentity
  readonly curvature: CurvatureName
  /** The seed of the labels that were drawn; null for the labels of the examples. */
  readonly seed: number | null
  /** How many examples it was estimated from. */
  readonly exampleCount: number
  /** SHA-256 of those examples and their labels. */
  readonly examplesHash: string
  readonly blocks: readonly BlockShape[]
  /** The number format of the bases. */
  readonly float: StoredFloat
  /** The crc32c of the only chunk of each array, in the order of `listCurvatureArrays`. */
  readonly checksums: readonly number[]
}

/** An array of a block, all of it in one chunk. */
export interface CurvatureArray extends StoredArray, RowCounts {
  readonly block: number
  readonly part: 'inputBasis' | 'outputBasis' | 'eigenvalues'
}

const formatVersion = 1

const attribute = 'gradlens_curvature'

/** The folder of a curvature. A store has at most one of each name. */
export const curvatureFolder = (curvature: CurvatureName): string => `curvature-${curvature}`

export const curvatureKey = (curvature: CurvatureName): string =>
  `${curvatureFolder(curvature)}/zarr.json`

/** The arrays of a curvature: the bases of each block that has some, and its eigenvalues. */
export function listCurvatureArrays({
  curvature,
  blocks,
  float,
}: Pick<CurvatureHeader, 'curvature' | 'blocks' | 'float'>): CurvatureArray[] {
  return blocks.flatMap((block, k) => {
    const { rows, columns, rule, inputRank = rows } = block
    const array = (
      part: CurvatureArray['part'],
      name: string,
      [first, second]: readonly [number, number],
      [rowAxis, axis]: readonly [string, string],
      type: ElementTypeName,
    ): CurvatureArray => ({
      block: k,
      part,
      name: `${curvatureFolder(curvature)}/block-${k}-${name}`,
      type,
      rowShape: [second],
      axes: [axis],
      rowAxis,
      rowCount: first,
      rowsPerChunk: first,
    })
    return [
      ...(hasInputBasis(block)
        ? [array('inputBasis', 'input-basis', [rows, inputRank], ['input', 'eigenvector'], float)]
        : []),
      ...(hasOutputBasis(block)
        ? [
            array(
              'outputBasis',
              'output-basis',
              [columns, columns],
              ['output', 'eigenvector'],
              float,
            ),
          ]
        : []),
      ...(rule === 'identity'
        ? []
        : [
            array(
              'eigenvalues',
              'eigenvalues',
              [countEigenvalueRows(block), columns],
              ['input', 'output'],
              'float32',
            ),
          ]),
    ]
  })
}

/** The group's zarr.json. */
export const encodeCurvatureHeader = async (
  header: CurvatureHeader,
): Promise<Uint8Array<ArrayBuffer>> =>
  encodeJson({
    zarr_format: 3,
    node_type: 'group',
    attributes: {
      [attribute]: await sealObject({
        format_version: formatVersion,
        curvature: header.curvature,
        fisher: header.seed === null ? 'empirical' : 'true',
        ...(header.seed === null ? {} : { seed: header.seed }),
        example_count: header.exampleCount,
        examples_hash: header.examplesHash,
        weights_hash: header.identity.weightsHash,
        loss: header.identity.loss,
        parameters: header.identity.parameters.map(({ name, shape }) => ({ name, shape })),
        dtype: header.float,
        blocks: header.blocks.map(({ parameter, bias, rule, rows, columns, inputRank }) => ({
          parameter,
          rule,
          rows,
          columns,
          ...(inputRank !== undefined && { input_rank: inputRank }),
          ...(bias && { bias: bias.parameter, outputs_first: bias.input === 'delta' }),
        })),
        checksums: header.checksums,
      }),
    },
  })

/**
 * Reads a group's zarr.json and checks all of it.
 *
 * @throws StoreError with failure `'damaged'` if it isn't a header or was changed, `'unsupported'` if it has another
 *   format version
 */
export async function parseCurvatureHeader(
  curvature: CurvatureName,
  bytes: Uint8Array,
): Promise<CurvatureHeader> {
  const root = JsonReader.parse(curvatureKey(curvature), bytes)
  root.get('zarr_format').toChoice([3])
  root.get('node_type').toChoice(['group'])
  const json = root.get('attributes').get(attribute)
  const version = json.get('format_version').toInteger(1)
  if (version !== formatVersion) {
    throw new StoreError(
      'unsupported',
      `The curvature of the store has format version ${version}; this version of gradlens reads ${formatVersion}. Use a ` +
        'newer one.',
    )
  }
  await checkSeal(json)
  const isEmpirical = json.get('fisher').toChoice(['true', 'empirical']) === 'empirical'
  const header: CurvatureHeader = {
    identity: {
      weightsHash: json.get('weights_hash').toText(),
      loss: json.get('loss').toText(),
      parameters: json.get('parameters').toList((parameter) => ({
        name: parameter.get('name').toText(),
        shape: parameter.get('shape').toList((length) => length.toInteger(0)),
      })),
    },
    curvature: json.get('curvature').toChoice([curvature]),
    seed: isEmpirical ? null : json.get('seed').toInteger(0, mostUint32),
    exampleCount: json.get('example_count').toInteger(1),
    examplesHash: json.get('examples_hash').toText(),
    blocks: json.get('blocks').toList(parseBlock),
    float: json.get('dtype').toChoice(['float32', 'float16']),
    checksums: json.get('checksums').toList((checksum) => checksum.toInteger(0, mostUint32)),
  }
  const arrayCount = listCurvatureArrays(header).length
  if (header.checksums.length === arrayCount) return header
  throw new StoreError(
    'damaged',
    `${curvatureKey(curvature)} of the store: got ${header.checksums.length} checksums; expected ${arrayCount}, one per ` +
      'array.',
  )
}

const rules: readonly CurvatureRule[] = ['kronecker', 'lookup', 'exact', 'diagonal', 'identity']

function parseBlock(json: JsonReader): BlockShape {
  const bias = json.getOptional('bias')
  const rows = json.get('rows').toInteger(1, mostSide)
  const inputRank = json.getOptional('input_rank')?.toInteger(1, rows - 1)
  return {
    ...(inputRank !== undefined && { inputRank }),
    parameter: json.get('parameter').toText(),
    bias: bias && {
      parameter: bias.toText(),
      input: json.get('outputs_first').toChoice([true, false]) ? 'delta' : 'a',
    },
    rule: json.get('rule').toChoice(rules),
    rows,
    columns: json.get('columns').toInteger(1, mostSide),
  }
}

/** A side of a matrix. Sides are counted in int32. */
const mostSide = 2 ** 31 - 1

const mostUint32 = 2 ** 32 - 1
