import { cssOf, type Rgb, type Theme } from './theme.js'

/** A diverging map that colour-blind readers can use. Above zero: purple of PuOr, blue of RdBu. */
export type Palette = 'PuOr' | 'RdBu'

export const palettes: readonly Palette[] = ['PuOr', 'RdBu']

/** Where the colours of a side are placed, as shares of the largest value. */
const places = { light: [1, 0.75, 0.5, 0.25], dark: [1, 0.5] } as const

type Sides = readonly [negative: readonly Rgb[], positive: readonly Rgb[]]

/** The colours of −1 … 0 and of 1 … 0, strongest first. Zero has the paper's colour. */
const lightColors: Readonly<Record<Palette, Sides>> = {
  // ColorBrewer's PuOr and RdBu as d3-scale-chromatic interpolates them.
  PuOr: [
    [
      [148, 71, 7],
      [197, 105, 13],
      [238, 157, 61],
      [253, 207, 148],
    ],
    [
      [61, 16, 99],
      [102, 71, 150],
      [153, 142, 191],
      [200, 198, 224],
    ],
  ],
  RdBu: [
    [
      [133, 10, 36],
      [191, 54, 58],
      [228, 130, 104],
      [249, 196, 171],
    ],
    [
      [16, 70, 126],
      [47, 120, 179],
      [107, 172, 208],
      [183, 216, 232],
    ],
  ],
}

/** Drawn for dark paper, not inverted: both signs grow lighter than the paper. */
const darkColors: Readonly<Record<Palette, Sides>> = {
  PuOr: [
    [
      [255, 194, 122],
      [184, 107, 28],
    ],
    [
      [203, 188, 255],
      [106, 85, 184],
    ],
  ],
  RdBu: [
    [
      [255, 179, 161],
      [181, 72, 60],
    ],
    [
      [168, 212, 255],
      [58, 114, 176],
    ],
  ],
}

export type ColorOf = (value: number) => Rgb

/** Steps on each side of zero: more than can be told apart on a screen. */
const resolution = 256
const known = new Map<string, readonly Rgb[]>()

/** Colours of −1 … 1, symmetric about zero, which has the paper's colour. */
export function divergingColors(palette: Palette, { isDark, paper }: Theme): ColorOf {
  const key = `${palette} ${isDark ? 'dark' : 'light'} ${cssOf(paper)}`
  let steps = known.get(key)
  if (steps === undefined) {
    const [negative, positive] = (isDark ? darkColors : lightColors)[palette]
    const at = isDark ? places.dark : places.light
    const negativeColor = interpolator(at, negative, paper)
    const positiveColor = interpolator(at, positive, paper)
    steps = Array.from({ length: 2 * resolution + 1 }, (_, i) => {
      const value = (i - resolution) / resolution
      return value < 0 ? negativeColor(-value) : positiveColor(value)
    })
    known.set(key, steps)
  }
  const table = steps
  return (value) => {
    const clamped = Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0
    return table[Math.round((clamped + 1) * resolution)] ?? paper
  }
}

/** Linear between the colours at `at`, which descends from 1, and `zero` at 0. */
function interpolator(
  at: readonly number[],
  colors: readonly Rgb[],
  zero: Rgb,
): (share: number) => Rgb {
  const stops = [...at.map((place, i) => ({ place, color: colors[i]! })), { place: 0, color: zero }]
  return (share) => {
    const lower = Math.max(
      1,
      stops.findIndex(({ place }) => place <= share),
    )
    const [above, below] = [stops[lower - 1]!, stops[lower]!]
    const part = (above.place - share) / (above.place - below.place)
    const [red, green, blue] = [0, 1, 2].map((channel) => {
      const strong = above.color[channel]!
      return Math.round(strong * (1 - part) + below.color[channel]! * part)
    })
    return [red!, green!, blue!]
  }
}
