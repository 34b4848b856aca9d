import type { Rgb } from '../elements/base/color/theme.js'
import { createRaster, type Raster } from '../elements/base/picture/pixels.js'
import { placeOnScale, scaleOf } from '../elements/base/color/signed-scale.js'

const width = 240
const rowHeight = 12
const barHeight = 8

/** Bars on one scale from one zero, a row for each value. */
export function drawBars(
  values: readonly number[],
  {
    positive,
    negative,
    ink,
  }: { readonly positive: Rgb; readonly negative: Rgb; readonly ink: Rgb },
): Raster {
  const raster = createRaster(width, Math.max(1, values.length) * rowHeight)
  raster.data.fill(255)
  const scale = scaleOf(values)
  const fill = (row: number, from: number, to: number, height: number, color: Rgb): void => {
    const top = row * rowHeight + (rowHeight - height) / 2
    for (let y = top; y < top + height; y++) {
      for (let x = from; x < to; x++) raster.data.set([...color, 255], (y * width + x) * 4)
    }
  }
  values.forEach((value, row) => {
    const { zero, start, end } = placeOnScale(value, scale)
    const at = (share: number): number => Math.round(share * (width - 1))
    fill(row, at(start), at(end), barHeight, value < 0 ? negative : positive)
    fill(row, at(zero), at(zero) + 1, rowHeight, ink)
  })
  return raster
}

/** Rasters in one row, with white between them. */
export function joinRasters(rasters: readonly Raster[], gap: number): Raster {
  const joined = createRaster(
    rasters.reduce((sum, raster) => sum + raster.width, gap * (rasters.length - 1)),
    Math.max(...rasters.map(({ height }) => height)),
  )
  joined.data.fill(255)
  let left = 0
  for (const { width: own, height, data } of rasters) {
    for (let y = 0; y < height; y++) {
      joined.data.set(data.subarray(y * own * 4, (y + 1) * own * 4), (y * joined.width + left) * 4)
    }
    left += own + gap
  }
  return joined
}
