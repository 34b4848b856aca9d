import type { CompactBlock } from '../../../gradients/block.js'
import {
  chooseLayout,
  countNumbers,
  getCompactByteLength,
} from '../../../gradients/compact-layout.js'
import { bytesPerFloat32 } from '../../../gradients/numbers/byte-sizes.js'
import type { ProjectionPlan } from '../../../gradients/projection/projection-plan.js'
import { countStoreBytes } from '../../../store/zarr/format/count-store-bytes.js'
import type { WriterOptions } from '../../../store/zarr/format/create-header.js'
import { getSegmentSpec, type GradientRows } from '../../../store/zarr/format/gradient-rows.js'
import {
  countRowBytes,
  listSegmentArrays,
  type StoredFloat,
} from '../../../store/zarr/format/store-arrays.js'
import type { GradientSizes, ParameterEstimate } from './similarity-estimate.js'

/** The gradient of one example, as `fit` keeps it. */
export interface MeasuredGradient {
  readonly block: CompactBlock
  readonly plan: ProjectionPlan | undefined
}

/** What is stored besides gradients, of one example. */
export type StoredColumns = Pick<GradientRows, 'labels' | 'labelFactors' | 'examples'>

/** Computes the bytes that the gradients of all examples take in memory and in a store. */
export async function countGradientBytes(
  { block, plan }: MeasuredGradient,
  columns: StoredColumns,
  options: WriterOptions,
): Promise<GradientSizes> {
  const squaredNorms = new Float64Array(1)
  return {
    memoryBytes: options.rowCount * getCompactByteLength(1, block.segments),
    storedBytes: await countStoreBytes(options, {
      ...columns,
      block,
      projection: plan,
      squaredNorms,
    }),
  }
}

/** Computes the bytes of each parameter, the largest first. */
export function listParameterSizes(
  { segments }: CompactBlock,
  exampleCount: number,
  dtype: StoredFloat,
): ParameterEstimate[] {
  const counts = segments.map((segment, index) => {
    const arrays = listSegmentArrays(getSegmentSpec(segment), index, dtype)
    const rowBytes = arrays.reduce((sum, array) => sum + countRowBytes(array), 0)
    return {
      name: segment.parameter,
      memoryBytes: exampleCount * countNumbers(chooseLayout(segment)) * bytesPerFloat32,
      storedBytes: exampleCount * rowBytes,
    }
  })
  const total = counts.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  const names = new Set(counts.map(({ name }) => name))
  return [...names]
    .map((name) => {
      const own = counts.filter((count) => count.name === name)
      const memoryBytes = own.reduce((sum, count) => sum + count.memoryBytes, 0)
      const storedBytes = own.reduce((sum, count) => sum + count.storedBytes, 0)
      return { name, memoryBytes, storedBytes, share: memoryBytes / total }
    })
    .sort((a, b) => b.memoryBytes - a.memoryBytes)
}
