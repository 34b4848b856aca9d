import type { NdArray } from '../../../ndarray.js'
import type { Channels } from '../picture/channels.js'

/** The least and the greatest value of a feature. */
export interface Extent {
  readonly least: number
  readonly greatest: number
}

/**
 * The values of each feature over time, of a series [time], [time, features] or, with channels
 * 'first', [features, time].
 */
export function readColumns({ data, shape }: NdArray, channels: Channels): Float64Array[] {
  const isTurned = channels === 'first' && shape.length === 2
  const [first = 0, second = 1] = shape
  const [stepCount, count] = isTurned ? [second, first] : [first, second]
  return Array.from({ length: count }, (_, feature) =>
    Float64Array.from(
      { length: stepCount },
      (_, step) => data[isTurned ? feature * stepCount + step : step * count + feature]!,
    ),
  )
}

/** The least and the greatest finite value; null if there is none. */
export function findExtent(values: Iterable<number>): Extent | null {
  let least = Infinity
  let greatest = -Infinity
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    least = Math.min(least, value)
    greatest = Math.max(greatest, value)
  }
  return least <= greatest ? { least, greatest } : null
}
