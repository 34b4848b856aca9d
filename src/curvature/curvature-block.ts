import type { LayerBias } from '../gradients/block.js'
import { bytesPerFloat32 } from '../gradients/numbers/byte-sizes.js'

/**
 * How a block of the curvature is approximated.
 *
 * - `kronecker`: A ⊗ S of a layer's inputs and output gradients
 * - `lookup`: the same for a table, whose A is the frequency of each row
 * - `exact`: the matrix of a parameter without factors
 * - `diagonal`: its diagonal
 * - `identity`: not at all
 */
export type CurvatureRule = 'kronecker' | 'lookup' | 'exact' | 'diagonal' | 'identity'

/**
 * The parameters of one block of the curvature. Their gradient is a matrix G [rows, columns]: rows for the inputs of a
 * layer, the last one for its bias, and columns for its outputs. Other parameters have one row.
 */
export interface BlockShape {
  readonly parameter: string
  /** The bias that is the last row of G. */
  readonly bias: LayerBias | undefined
  readonly rule: CurvatureRule
  readonly rows: number
  readonly columns: number
  /** How many eigenvectors of the inputs are kept, fewer than rows. Undefined: all. */
  readonly inputRank?: number | undefined
}

/**
 * One block of a curvature, Q_A Λ Q_Sᵀ: H G = Q_A (Λ ⊙ (Q_Aᵀ G Q_S)) Q_Sᵀ. A basis that is left out is the identity. With an
 * `inputRank` r, Q_A has r columns, and all directions without them have the eigenvalues of the last of r + 1 rows of Λ.
 */
export interface CurvatureBlock extends BlockShape {
  /** Q_A [rows, rows], or [rows, inputRank], an eigenvector in each column. */
  readonly inputBasis: Float32Array | undefined
  /** Q_S [columns, columns]. */
  readonly outputBasis: Float32Array | undefined
  /** Λ [rows, columns], or [inputRank + 1, columns]; undefined for the identity. */
  readonly eigenvalues: Float32Array | undefined
}

export const hasInputBasis = ({ rule }: Pick<BlockShape, 'rule'>): boolean => rule === 'kronecker'

export const hasOutputBasis = ({ rule }: Pick<BlockShape, 'rule'>): boolean =>
  rule === 'kronecker' || rule === 'lookup' || rule === 'exact'

/** True if G is the transpose of the kernel's gradient, whose outputs come first. */
export const isTransposed = ({ bias }: Pick<BlockShape, 'bias'>): boolean => bias?.input === 'delta'

/** The names of the block's parameters. */
export const listParameters = ({ parameter, bias }: BlockShape): string[] =>
  bias === undefined ? [parameter] : [parameter, bias.parameter]

/** The bytes of a block's bases and eigenvalues. */
export function countBlockBytes(block: BlockShape): number {
  const { rows, columns, inputRank } = block
  const input = hasInputBasis(block) ? rows * (inputRank ?? rows) : 0
  const output = hasOutputBasis(block) ? columns ** 2 : 0
  const eigenvalues = block.rule === 'identity' ? 0 : countEigenvalueRows(block) * columns
  return (input + output + eigenvalues) * bytesPerFloat32
}

/** The rows of Λ: one for each input eigenvector, and one more for the directions of those that are left out. */
export const countEigenvalueRows = ({ rows, inputRank }: BlockShape): number =>
  inputRank === undefined ? rows : inputRank + 1

/**
 * The most eigenvectors of a layer's inputs with curvature, where the others are left out: they have none. Where they are
 * more than half of all, all are computed, which takes less time.
 *
 * @param inputCount how many vectors the curvature was estimated from
 */
export const countInputVectors = (rows: number, inputCount: number): number =>
  2 * inputCount <= rows ? inputCount : rows
