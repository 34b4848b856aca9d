import type { ColorBar } from '../base/color/color-bar.js'
import { drawColorBar } from '../base/color/draw-color-bar.js'
import type { ColorOf } from '../base/color/diverging-colors.js'
import type { Theme } from '../base/color/theme.js'
import { measureText, shortenText, type Mark, type Picture } from '../base/picture/picture.js'
import { createRaster, type Raster } from '../base/picture/pixels.js'
import { findExtent } from '../base/series/series-columns.js'
import { type Point, tracePoints } from '../base/series/trace-points.js'
import type { FeatureSeries, SeriesAttributions } from './series-attributions.js'

const width = 640
const rowHeight = 48
const stripHeight = 40
const gap = 12
const longestName = 160
const barWidth = 252

/** One row of colours: the attributions over time. */
export function paintStrip(
  { attributions }: FeatureSeries,
  limit: number,
  colorOf: ColorOf,
): Raster {
  const strip = createRaster(attributions.length, 1)
  attributions.forEach((value, step) => {
    strip.data.set([...colorOf(limit > 0 ? value / limit : 0), 255], step * 4)
  })
  return strip
}

/** The example's values over time, between their own least and greatest. */
export function traceFeature({ values }: FeatureSeries): Point[][] {
  const extent = values === null ? null : findExtent(values)
  return values === null || extent === null ? [] : tracePoints(values, extent)
}

/** Draws a row for each feature: the colours of its attributions and the line of its values. */
export function drawSeries(
  { limit }: SeriesAttributions,
  features: readonly FeatureSeries[],
  { colorBar, colorOf, theme }: { colorBar: ColorBar; colorOf: ColorOf; theme: Theme },
): Picture {
  const names = features.map(({ name }) => shortenText(name, longestName))
  const start = Math.ceil(Math.max(0, ...names.map((name) => measureText(name)))) + gap
  const extent = width - start
  const marks = features.flatMap((feature, i): Mark[] => {
    const y = i * rowHeight
    return [
      { kind: 'text', x: 0, y: y + 25, text: names[i] ?? '', fill: theme.ink },
      {
        kind: 'pixels',
        x: start,
        y,
        width: extent,
        height: stripHeight,
        image: paintStrip(feature, limit, colorOf),
      },
      ...traceFeature(feature).map((run): Mark => ({
        kind: 'line',
        x: start,
        y,
        points: run.map(([x, top]) => [x * extent, top * stripHeight]),
        stroke: theme.ink,
      })),
    ]
  })
  const bar = drawColorBar(colorBar, barWidth, theme)
  const top = features.length * rowHeight + 4
  return {
    width,
    height: top + bar.height,
    marks: [
      ...marks,
      ...bar.marks.map((mark) => ({ ...mark, x: mark.x + start, y: mark.y + top })),
    ],
  }
}
