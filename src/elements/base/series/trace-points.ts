import type { Extent } from './series-columns.js'

export type Point = readonly [x: number, y: number]

/**
 * The values of a feature over time, in a box of 1 × 1: one list of points for each run of finite
 * values. A constant is in the middle.
 *
 * @param extent the values at the bottom and at the top
 */
export function tracePoints(values: Float64Array, { least, greatest }: Extent): Point[][] {
  const runs: Point[][] = [[]]
  values.forEach((value, step) => {
    if (!Number.isFinite(value)) {
      runs.push([])
      return
    }
    const share = greatest > least ? (value - least) / (greatest - least) : 0.5
    runs.at(-1)?.push([(step + 0.5) / values.length, 0.9 - 0.8 * share])
  })
  return runs.filter((run) => run.length > 0)
}
