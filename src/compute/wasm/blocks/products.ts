import { denseSize } from '../../../gradients/compact-layout.js'
import { rowStep } from './block-placement.js'
import type { WasmInstance } from '../instance.js'
import type { DenseRows, FactoredRows, LookedUpPositions, SegmentRows } from './segment-rows.js'

const floatSize = 4
const doubleSize = 8

/** Adds ⟨G_i, G'_j⟩ of two segments of one parameter to `sums`, the address of [a.count, b.count] float64. */
export function addProducts(
  instance: WasmInstance,
  a: SegmentRows,
  b: SegmentRows,
  sums: number,
): void {
  if (a.kind === 'lookup') {
    if (b.kind === 'lookup') addMatching(instance, a, b, sums)
    else addLookedUp(instance, a, b, sums, [doubleSize, b.count * doubleSize])
  } else if (b.kind === 'lookup') {
    addLookedUp(instance, b, a, sums, [b.count * doubleSize, doubleSize])
  } else if (a.kind === 'dense' && b.kind === 'dense') {
    addDense(instance, a, b, sums)
  } else if (a.kind === 'factored' && b.kind === 'factored' && gramIsCheaper(a, b)) {
    addFactored(instance, a, b, sums)
  } else {
    addMaterialized(instance, a, b, sums)
  }
}

/**
 * Σ_{t,s} (a_t·a'_s)(δ_t·δ'_s) takes T·T'(d+p) products per pair, a formed gradient d·p and the forming. How many pairs there
 * are must not matter: it would change the last bits of a score.
 */
export const gramIsCheaper = (a: FactoredRows, b: FactoredRows): boolean =>
  // A parameter may be used as matrices of several shapes.
  a.inputSize === b.inputSize &&
  a.outputSize === b.outputSize &&
  a.positions * b.positions * (a.inputSize + a.outputSize) <=
    Math.max(a.positions, b.positions) * a.inputSize * a.outputSize

function addDense(instance: WasmInstance, a: DenseRows, b: DenseRows, sums: number): void {
  instance.withScratch(a.count * b.count * doubleSize, (scratch) => {
    instance.kernels.addDense(
      ...([a.values, a.scales, a.count] as const),
      ...([b.values, b.scales, b.count] as const),
      ...([a.valuesStep, scratch, sums] as const),
    )
  })
}

function addFactored(instance: WasmInstance, a: FactoredRows, b: FactoredRows, sums: number): void {
  const single = a.positions === 1 && b.positions === 1
  const tableSize = single ? a.count * b.count : a.positions * b.positions
  instance.withScratch(2 * tableSize * doubleSize, (scratch) => {
    instance.kernels.addFactored(
      ...([a.a, a.delta, a.positions, a.scales, a.count] as const),
      ...([b.a, b.delta, b.positions, b.scales, b.count] as const),
      ...([a.aStep, a.deltaStep, scratch, sums] as const),
    )
  })
}

function addMatching(
  instance: WasmInstance,
  a: LookedUpPositions,
  b: LookedUpPositions,
  sums: number,
): void {
  instance.kernels.addMatching(
    ...([a.indices, a.delta, a.positions, a.scales, a.count] as const),
    ...([b.indices, b.delta, b.positions, b.scales, b.count] as const),
    ...([a.deltaStep, sums] as const),
  )
}

/** Σ_t δ_t · G'[index_t] of each pair; the sums stand `steps` bytes apart, along `other` and along `rows`. */
function addLookedUp(
  instance: WasmInstance,
  rows: LookedUpPositions,
  other: DenseRows | FactoredRows,
  sums: number,
  [otherStep, rowsStep]: readonly [number, number],
): void {
  instance.withScratch(formedStep(other), (scratch) => {
    for (let k = 0; k < other.count; k++) {
      const table = denseGradient(instance, other, k, scratch)
      const scale = instance.doubles[other.scales / doubleSize + k]!
      instance.kernels.addLookedUp(
        ...([rows.indices, rows.delta, rows.deltaStep, rows.positions] as const),
        ...([rows.scales, rows.count, table, rows.rowSize * floatSize, scale] as const),
        ...([sums + k * otherStep, rowsStep] as const),
      )
    }
  })
}

/** Rows that are formed at a time; those of a wide layer take megabytes each. */
const materializedBytes = 2 ** 25

/** The inner products of gradients formed: `a`'s as many as may be at a time, and `b`'s once for each such group. */
function addMaterialized(
  instance: WasmInstance,
  a: DenseRows | FactoredRows,
  b: DenseRows | FactoredRows,
  sums: number,
): void {
  const step = formedStep(b)
  const groupSize = Math.min(a.count, Math.max(1, Math.floor(materializedBytes / step)))
  const columnSize = rowStep(2 * groupSize)
  instance.withScratch(groupSize * step + step + 2 * columnSize, (group) => {
    const single = group + groupSize * step
    const column = single + step
    for (let start = 0; start < a.count; start += groupSize) {
      const count = Math.min(groupSize, a.count - start)
      if (a.kind === 'factored') {
        for (let k = 0; k < count; k++) denseGradient(instance, a, start + k, group + k * step)
      }
      const rows = a.kind === 'dense' ? a.values + start * step : group
      for (let j = 0; j < b.count; j++) {
        const other = denseGradient(instance, b, j, single)
        const { doubles } = instance
        doubles.fill(0, column / doubleSize, column / doubleSize + count)
        // The one row first: the kernel takes four of the second side together.
        instance.kernels.addDense(
          ...([other, b.scales + j * doubleSize, 1] as const),
          ...([rows, a.scales + start * doubleSize, count] as const),
          ...([step, column + columnSize, column] as const),
        )
        for (let k = 0; k < count; k++) {
          doubles[sums / doubleSize + (start + k) * b.count + j]! +=
            doubles[column / doubleSize + k]!
        }
      }
    }
  })
}

const formedStep = (rows: DenseRows | FactoredRows): number => rowStep(denseSize(rows))

/** The address of a row's gradient: its own where it is dense, else `scratch`, where it is formed. */
function denseGradient(
  instance: WasmInstance,
  rows: DenseRows | FactoredRows,
  row: number,
  scratch: number,
): number {
  if (rows.kind === 'dense') return rows.values + row * rows.valuesStep
  const { positions, inputSize, outputSize, aStep, deltaStep } = rows
  const end = scratch + inputSize * outputSize * floatSize
  instance.bytes.fill(0, end, scratch + formedStep(rows))
  materializeFactored(
    instance,
    rows.a + row * positions * aStep,
    rows.delta + row * positions * deltaStep,
    { positions, inputSize, outputSize, aStep, deltaStep },
    scratch,
  )
  return scratch
}

/** G = Σ_t a_t δ_tᵀ: the filter gradient of a 1×1 convolution on a picture of one row. */
export function materializeFactored(
  { kernels }: WasmInstance,
  a: number,
  delta: number,
  sizes: {
    readonly positions: number
    readonly inputSize: number
    readonly outputSize: number
    readonly aStep: number
    readonly deltaStep: number
  },
  gradient: number,
): void {
  const { positions, inputSize, outputSize } = sizes
  kernels.contract(
    ...([a, delta, gradient, sizes.aStep, sizes.deltaStep] as const),
    ...[1, positions, inputSize, 1, 1, 1, positions, outputSize],
    ...[1, 1, 1, 1, 0, 0],
  )
}
