import { html, svg, type TemplateResult } from 'lit'
import type { Extent } from '../../base/series/series-columns.js'
import { type Point, tracePoints } from '../../base/series/trace-points.js'

/**
 * The lines of a time series in a box of 1 × 1: a row for each feature.
 *
 * @param extents the range of each feature
 */
export function traceSeries(
  columns: readonly Float64Array[],
  extents: readonly Extent[],
): Point[][] {
  const share = 1 / columns.length
  return columns.flatMap((values, row) => {
    const extent = extents[row]
    const runs = extent === undefined ? [] : tracePoints(values, extent)
    return runs.map((run) => run.map(([x, y]): Point => [x, (row + y) * share]))
  })
}

export function renderSeries(
  columns: readonly Float64Array[],
  extents: readonly Extent[],
): TemplateResult {
  return html`<svg
    class="picture series"
    part="picture"
    viewBox="0 0 1 1"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${traceSeries(columns, extents).map(
      (run) => svg`<polyline points=${run.flat().join(' ')}></polyline>`,
    )}
  </svg>`
}
