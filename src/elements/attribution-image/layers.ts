import type { ColorOf } from '../base/color/diverging-colors.js'
import { imageOf, rangeOf } from '../base/picture/pixels.js'
import type { Theme } from '../base/color/theme.js'
import type { NdArray } from '../../ndarray.js'
import type { SignedMap } from './signed-map.js'

/** How map and picture stand together. */
export type Layout = 'side-by-side' | 'overlay' | 'masked' | 'map'

export const layouts: readonly Layout[] = ['side-by-side', 'overlay', 'masked', 'map']

/** One place, and what lies in it, the lowest first. */
export type Panel = readonly ImageData[]

export interface PanelOptions {
  readonly layout: Layout
  readonly theme: Theme
  readonly colorOf: ColorOf
  /** One channel as ink on paper. */
  readonly ink: boolean
}

/** Lifts small magnitudes, so that one sees them over a picture. */
const visibility = 0.6
/** How much of the picture is left under a map. */
const underMap = 0.4

export function panelsOf(map: SignedMap, { layout, theme, colorOf, ink }: PanelOptions): Panel[] {
  const colors = (): ImageData => pixels(map, (value) => [...colorOf(value), 255])
  if (map.image === null || layout === 'map') return [[colors()]]
  const picture = pictureOf(map.image, ink ? theme : null)
  if (layout === 'side-by-side') return [[picture], [colors()]]
  if (layout === 'masked') {
    const veil = (value: number): Rgba => [
      ...theme.paper,
      255 * (1 - Math.abs(value) ** visibility),
    ]
    return [[picture, pixels(map, veil)]]
  }
  const tint = (value: number): Rgba => {
    // At full strength: how much there is of it is what its opacity says.
    const [red, green, blue] = colorOf(Math.sign(value) * Math.max(0.6, Math.abs(value)))
    return [red, green, blue, 255 * Math.abs(value) ** visibility]
  }
  return [[faded(picture, theme), pixels(map, tint)]]
}

/** The example itself. */
function pictureOf(image: NdArray, ink: Theme | null): ImageData {
  return imageOf(image, rangeOf(image.data), ink)
}

type Rgba = readonly [red: number, green: number, blue: number, alpha: number]

function pixels(
  { width, height, shown, limit }: SignedMap,
  rgba: (value: number) => Rgba,
): ImageData {
  const image = new ImageData(width, height)
  for (let offset = 0; offset < shown.length; offset++) {
    const share = limit > 0 ? shown[offset]! / limit : 0
    image.data.set(rgba(Math.max(-1, Math.min(1, Number.isFinite(share) ? share : 0))), offset * 4)
  }
  return image
}

/** In greys, and pale: colour belongs to the map. */
function faded({ data, width, height }: ImageData, { paper }: Theme): ImageData {
  const image = new ImageData(width, height)
  for (let at = 0; at < data.length; at += 4) {
    const grey = 0.2126 * data[at]! + 0.7152 * data[at + 1]! + 0.0722 * data[at + 2]!
    for (const channel of [0, 1, 2] as const) {
      image.data[at + channel] = paper[channel] + (grey - paper[channel]) * underMap
    }
    image.data[at + 3] = data[at + 3]!
  }
  return image
}
