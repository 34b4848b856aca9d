import { type BlockShape, type CurvatureBlock, hasInputBasis } from './curvature-block.js'

/**
 * Keeps the input eigenvectors of a layer with the greatest eigenvalues. The directions of the others share one eigenvalue
 * for each output eigenvector, their mean: the last row of Λ. Blocks without a basis of inputs, or with fewer rows, stay as
 * they are.
 *
 * @param inputRank how many eigenvectors are kept
 */
export function truncateInputs(block: CurvatureBlock, inputRank: number): CurvatureBlock {
  const { rows, columns, inputBasis, eigenvalues, inputRank: present = rows } = block
  if (inputBasis === undefined || eigenvalues === undefined || inputRank >= present) return block
  const sums = new Float64Array(present)
  for (let i = 0; i < present; i++) {
    for (let j = 0; j < columns; j++) sums[i]! += eigenvalues[i * columns + j]!
  }
  const order = Uint32Array.from(sums, (_, i) => i).sort((a, b) => sums[b]! - sums[a]! || b - a)
  // In their former order, which is ascending for the covariance of the inputs.
  const kept = order.slice(0, inputRank).sort((a, b) => a - b)
  const basis = new Float32Array(rows * inputRank)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inputRank; k++)
      basis[i * inputRank + k] = inputBasis[i * present + kept[k]!]!
  }
  const values = new Float32Array((inputRank + 1) * columns)
  const means = new Float64Array(columns)
  for (const i of order.subarray(inputRank)) {
    for (let j = 0; j < columns; j++) means[j]! += eigenvalues[i * columns + j]!
  }
  if (present < rows) {
    for (let j = 0; j < columns; j++) {
      means[j]! += (rows - present) * eigenvalues[present * columns + j]!
    }
  }
  for (let k = 0; k < inputRank; k++) {
    const own = eigenvalues.subarray(kept[k]! * columns, (kept[k]! + 1) * columns)
    values.set(own, k * columns)
  }
  values.set(
    means.map((sum) => sum / (rows - inputRank)),
    inputRank * columns,
  )
  return { ...block, inputRank, inputBasis: basis, eigenvalues: values }
}

/** The shape of a block whose inputs are truncated. */
export const truncateShape = (block: BlockShape, inputRank: number): BlockShape =>
  hasInputBasis(block) && inputRank < (block.inputRank ?? block.rows)
    ? { ...block, inputRank }
    : block

/**
 * Λ with a value for each number of a rotated gradient: the last row once for each row of the block.
 *
 * @param eigenvalues of a block, or numbers in their place
 */
export function spreadLastRow(
  { rows, columns, inputRank }: Pick<CurvatureBlock, 'rows' | 'columns' | 'inputRank'>,
  eigenvalues: Float64Array,
): Float64Array {
  if (inputRank === undefined) return eigenvalues
  const spread = new Float64Array((inputRank + rows) * columns)
  const last = eigenvalues.subarray(inputRank * columns)
  spread.set(eigenvalues.subarray(0, inputRank * columns))
  for (let i = 0; i < rows; i++) spread.set(last, (inputRank + i) * columns)
  return spread
}
