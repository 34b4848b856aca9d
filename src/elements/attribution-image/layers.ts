import type { ColorOf } from '../base/color/diverging-colors.js'
import { createImage, createRaster, findRange, type Raster } from '../base/picture/pixels.js'
import type { Theme } from '../base/color/theme.js'
import type { NdArray } from '../../ndarray.js'
import type { SignedMap } from './signed-map.js'

/** The layout of map and image. */
export type Layout = 'side-by-side' | 'overlay' | 'masked' | 'map'

export const layouts: readonly Layout[] = ['side-by-side', 'overlay', 'masked', 'map']

/** The layers of one panel, the lowest first. */
export type Panel = readonly Raster[]

export interface PanelOptions {
  readonly layout: Layout
  readonly theme: Theme
  readonly colorOf: ColorOf
  /** Draws one channel as ink on paper. */
  readonly ink: boolean
}

/** An exponent that makes small magnitudes visible over an image. */
const visibility = 0.6
/** The opacity of the image under a map. */
const underMap = 0.4

export function createPanels(
  map: SignedMap,
  { layout, theme, colorOf, ink }: PanelOptions,
): Panel[] {
  const colors = (): Raster => paintPixels(map, (value) => [...colorOf(value), 255])
  if (map.image === null || layout === 'map') return [[colors()]]
  const picture = drawImage(map.image, ink ? theme : null)
  if (layout === 'side-by-side') return [[picture], [colors()]]
  if (layout === 'masked') {
    const veil = (value: number): Rgba => [
      ...theme.paper,
      255 * (1 - Math.abs(value) ** visibility),
    ]
    return [[picture, paintPixels(map, veil)]]
  }
  const tint = (value: number): Rgba => {
    // A strong colour, because the opacity shows the magnitude.
    const [red, green, blue] = colorOf(Math.sign(value) * Math.max(0.6, Math.abs(value)))
    return [red, green, blue, 255 * Math.abs(value) ** visibility]
  }
  return [[fade(picture, theme), paintPixels(map, tint)]]
}

/** The image of the example. */
function drawImage(image: NdArray, ink: Theme | null): Raster {
  return createImage(image, findRange(image.data), ink)
}

type Rgba = readonly [red: number, green: number, blue: number, alpha: number]

function paintPixels(
  { width, height, shown, limit }: SignedMap,
  rgba: (value: number) => Rgba,
): Raster {
  const image = createRaster(width, height)
  for (let offset = 0; offset < shown.length; offset++) {
    const share = limit > 0 ? shown[offset]! / limit : 0
    image.data.set(rgba(Math.max(-1, Math.min(1, Number.isFinite(share) ? share : 0))), offset * 4)
  }
  return image
}

/** The image in pale greys, so that only the map is coloured. */
function fade({ data, width, height }: Raster, { paper }: Theme): Raster {
  const image = createRaster(width, height)
  for (let at = 0; at < data.length; at += 4) {
    const grey = 0.2126 * data[at]! + 0.7152 * data[at + 1]! + 0.0722 * data[at + 2]!
    for (const channel of [0, 1, 2] as const) {
      image.data[at + channel] = paper[channel] + (grey - paper[channel]) * underMap
    }
    image.data[at + 3] = data[at + 3]!
  }
  return image
}
