import { getDenseSize } from '../../../gradients/compact-layout.js'
import { isGramCheaper } from '../../product-method.js'
import { getRowStep } from './block-placement.js'
import type { WasmInstance } from '../instance.js'
import type { DenseSlice, FactoredSlice, LookupSlice, SegmentSlice } from './segment-slice.js'
import { bytesPerFloat64, bytesPerFloat32 } from '../../../gradients/numbers/byte-sizes.js'

/** Adds ⟨G_i, G'_j⟩ of two segments of one parameter to `sums`, the address of [a.count, b.count] float64. */
export function addProducts(
  instance: WasmInstance,
  a: SegmentSlice,
  b: SegmentSlice,
  sums: number,
): void {
  if (a.kind === 'lookup') {
    if (b.kind === 'lookup') addMatching(instance, a, b, sums)
    else addLookedUp(instance, a, b, sums, [bytesPerFloat64, b.count * bytesPerFloat64])
  } else if (b.kind === 'lookup') {
    addLookedUp(instance, b, a, sums, [b.count * bytesPerFloat64, bytesPerFloat64])
  } else if (a.kind === 'dense' && b.kind === 'dense') {
    addDense(instance, a, b, sums)
  } else if (a.kind === 'factored' && b.kind === 'factored' && isGramCheaper(a, b)) {
    addFactored(instance, a, b, sums)
  } else if (a.kind === 'dense' && b.kind === 'factored' && isBilinear(b)) {
    addBilinear(instance, a, b, sums, [b.count * bytesPerFloat64, bytesPerFloat64])
  } else if (a.kind === 'factored' && b.kind === 'dense' && isBilinear(a)) {
    addBilinear(instance, b, a, sums, [bytesPerFloat64, b.count * bytesPerFloat64])
  } else {
    addMaterialized(instance, a, b, sums)
  }
}

/** The kernel takes four outputs at a time. */
const isBilinear = ({ positions, outputSize }: FactoredSlice): boolean =>
  positions === 1 && outputSize % 4 === 0

/** Adds aᵀ G δ of each pair, without materializing a δᵀ. The sums are `denseStep` and `factoredStep` bytes apart. */
function addBilinear(
  { kernels, doubles }: WasmInstance,
  dense: DenseSlice,
  factored: FactoredSlice,
  sums: number,
  [denseStep, factoredStep]: readonly [number, number],
): void {
  const { a, aStep, delta, deltaStep, inputSize, outputSize, scales, count } = factored
  for (let k = 0; k < dense.count; k++) {
    const gradient = dense.values + k * dense.valuesStep
    const scale = doubles[dense.scales / bytesPerFloat64 + k]!
    kernels.addBilinear(
      ...([gradient, inputSize, outputSize, scale] as const),
      ...([a, aStep, delta, deltaStep, scales, count] as const),
      ...([sums + k * denseStep, factoredStep] as const),
    )
  }
}

/** Adds the products of dense rows. With `isFloat16`, `scaleTests` wrote `a`, and `b` is float16. */
export function addDense(
  instance: WasmInstance,
  a: DenseSlice,
  b: DenseSlice,
  sums: number,
  isFloat16 = false,
): void {
  instance.withScratch(a.count * b.count * bytesPerFloat64, (scratch) => {
    instance.kernels.addDense(
      ...([a.values, a.scales, a.count] as const),
      ...([b.values, b.scales, b.count] as const),
      ...([b.valuesStep, scratch, sums, isFloat16] as const),
    )
  })
}

/** Adds the products of factored rows; `isFloat16` as above. */
export function addFactored(
  instance: WasmInstance,
  a: FactoredSlice,
  b: FactoredSlice,
  sums: number,
  isFloat16 = false,
): void {
  const single = a.positions === 1 && b.positions === 1
  const tableSize = single ? a.count * b.count : a.positions * b.positions
  instance.withScratch(2 * tableSize * bytesPerFloat64, (scratch) => {
    instance.kernels.addFactored(
      ...([a.a, a.delta, a.positions, a.scales, a.count] as const),
      ...([b.a, b.delta, b.positions, b.scales, b.count] as const),
      ...([b.aStep, b.deltaStep, scratch, sums, isFloat16] as const),
    )
  })
}

function addMatching(instance: WasmInstance, a: LookupSlice, b: LookupSlice, sums: number): void {
  instance.kernels.addMatching(
    ...([a.indices, a.delta, a.positions, a.scales, a.count] as const),
    ...([b.indices, b.delta, b.positions, b.scales, b.count] as const),
    ...([a.deltaStep, sums] as const),
  )
}

/** Adds Σ_t δ_t · G'[index_t] of each pair. The sums are `otherStep` and `rowsStep` bytes apart. */
function addLookedUp(
  instance: WasmInstance,
  rows: LookupSlice,
  other: DenseSlice | FactoredSlice,
  sums: number,
  [otherStep, rowsStep]: readonly [number, number],
): void {
  instance.withScratch(getDenseStep(other), (scratch) => {
    for (let k = 0; k < other.count; k++) {
      const table = materializeGradient(instance, other, k, scratch)
      const scale = instance.doubles[other.scales / bytesPerFloat64 + k]!
      instance.kernels.addLookedUp(
        ...([rows.indices, rows.delta, rows.deltaStep, rows.positions] as const),
        ...([rows.scales, rows.count, table, rows.rowSize * bytesPerFloat32, scale] as const),
        ...([sums + k * otherStep, rowsStep] as const),
      )
    }
  })
}

/** Bytes of gradients that are materialized at a time; one of a wide layer takes megabytes. */
const materializedBytes = 2 ** 25

/** Adds inner products of materialized gradients: those of `a` group by group, those of `b` once for each group. */
function addMaterialized(
  instance: WasmInstance,
  a: DenseSlice | FactoredSlice,
  b: DenseSlice | FactoredSlice,
  sums: number,
): void {
  const step = getDenseStep(b)
  const groupSize = Math.min(a.count, Math.max(1, Math.floor(materializedBytes / step)))
  const columnSize = getRowStep(2 * groupSize)
  instance.withScratch(groupSize * step + step + 2 * columnSize, (group) => {
    const single = group + groupSize * step
    const column = single + step
    for (let start = 0; start < a.count; start += groupSize) {
      const count = Math.min(groupSize, a.count - start)
      if (a.kind === 'factored') {
        for (let k = 0; k < count; k++)
          materializeGradient(instance, a, start + k, group + k * step)
      }
      const rows = a.kind === 'dense' ? a.values + start * step : group
      for (let j = 0; j < b.count; j++) {
        const other = materializeGradient(instance, b, j, single)
        const { doubles } = instance
        doubles.fill(0, column / bytesPerFloat64, column / bytesPerFloat64 + count)
        // The single gradient comes first: the kernel takes four of the second side together.
        instance.kernels.addDense(
          ...([other, b.scales + j * bytesPerFloat64, 1] as const),
          ...([rows, a.scales + start * bytesPerFloat64, count] as const),
          ...([step, column + columnSize, column, false] as const),
        )
        for (let k = 0; k < count; k++) {
          doubles[sums / bytesPerFloat64 + (start + k) * b.count + j]! +=
            doubles[column / bytesPerFloat64 + k]!
        }
      }
    }
  })
}

const getDenseStep = (rows: DenseSlice | FactoredSlice): number => getRowStep(getDenseSize(rows))

/** Returns the address of an example's gradient: its own if it is dense, else `scratch`, where it is materialized. */
function materializeGradient(
  instance: WasmInstance,
  rows: DenseSlice | FactoredSlice,
  row: number,
  scratch: number,
): number {
  if (rows.kind === 'dense') return rows.values + row * rows.valuesStep
  const { positions, inputSize, outputSize, aStep, deltaStep } = rows
  const end = scratch + inputSize * outputSize * bytesPerFloat32
  instance.bytes.fill(0, end, scratch + getDenseStep(rows))
  materializeFactored(
    instance,
    rows.a + row * positions * aStep,
    rows.delta + row * positions * deltaStep,
    { positions, inputSize, outputSize, aStep, deltaStep },
    scratch,
  )
  return scratch
}

/** Computes G = Σ_t a_t δ_tᵀ: the filter gradient of a 1×1 convolution on a picture of one row. */
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
