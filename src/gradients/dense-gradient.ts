import type { CompactSegment, FactoredSegment, LookupSegment } from './block.js'
import { getDenseSize } from './compact-layout.js'

/** The gradient of one example, at `offset`. */
export interface DenseGradient {
  readonly data: Float32Array | Float64Array
  readonly offset: number
}

/**
 * Creates a function that reads the gradient of an example, materialized in float64 if necessary. Only one is
 * materialized at a time: that of a wide layer takes megabytes.
 */
export function createGradientReader(segment: CompactSegment): (row: number) => DenseGradient {
  if (segment.kind === 'dense') {
    return (row) => ({ data: segment.values, offset: row * segment.size })
  }
  const data = new Float64Array(getDenseSize(segment))
  let readRow = -1
  return (row) => {
    if (row !== readRow) {
      data.fill(0)
      if (segment.kind === 'factored') materializeFactored(segment, row, data)
      else materializeLookup(segment, row, data)
      readRow = row
    }
    return { data, offset: 0 }
  }
}

/** Adds G = Σ_t a_t δ_tᵀ of one example to zeros. */
function materializeFactored(segment: FactoredSegment, row: number, gradient: Float64Array): void {
  const { positions, inputSize, outputSize, a, delta } = segment
  for (let t = row * positions; t < (row + 1) * positions; t++) {
    for (let i = 0; i < inputSize; i++) {
      const factor = a[t * inputSize + i]!
      for (let j = 0; j < outputSize; j++) {
        gradient[i * outputSize + j]! += factor * delta[t * outputSize + j]!
      }
    }
  }
}

/** Adds δ_t to row index_t of zeros. */
function materializeLookup(segment: LookupSegment, row: number, gradient: Float64Array): void {
  const { positions, rowSize, indices, delta } = segment
  for (let t = row * positions; t < (row + 1) * positions; t++) {
    const offset = indices[t]! * rowSize
    for (let k = 0; k < rowSize; k++) gradient[offset + k]! += delta[t * rowSize + k]!
  }
}
