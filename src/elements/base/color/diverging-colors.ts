import { scaleLinear } from 'd3-scale'
import { interpolatePuOr, interpolateRdBu } from 'd3-scale-chromatic'
import { cssOf, type Rgb, type Theme } from './theme.js'

/** A diverging map that the colour-blind can read. Above zero: purple of PuOr, blue of RdBu. */
export type Palette = 'PuOr' | 'RdBu'

export const palettes: readonly Palette[] = ['PuOr', 'RdBu']

/** Where in d3's schemes −1, −0.75, … 1 stand; 0 is the paper, in place of their light grey. */
const positions = [0.04, 0.14, 0.25, 0.36, 0.5, 0.64, 0.75, 0.86, 0.96]
const domain = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1]

/** Drawn for dark paper, not inverted: from it, both signs grow lighter. −1, −0.5, 0.5, 1. */
const darkColors = {
  PuOr: ['#ffc27a', '#b86b1c', '#6a55b8', '#cbbcff'],
  RdBu: ['#ffb3a1', '#b5483c', '#3a72b0', '#a8d4ff'],
} as const

export type ColorOf = (value: number) => Rgb

/** Colours of −1 … 1, symmetric about zero, which has the paper's own. */
export function divergingColors(palette: Palette, { isDark, paper }: Theme): ColorOf {
  const key = `${palette} ${cssOf(paper)}`
  let steps = known.get(key)
  if (steps === undefined) {
    const scale = isDark ? darkScale(palette, paper) : lightScale(palette, paper)
    steps = Array.from({ length: 2 * resolution + 1 }, (_, i) =>
      parse(scale((i - resolution) / resolution)),
    )
    known.set(key, steps)
  }
  const table = steps
  return (value) => {
    const clamped = Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0
    return table[Math.round((clamped + 1) * resolution)] ?? paper
  }
}

/** Steps on each side of zero: more than a screen tells apart. */
const resolution = 256
const known = new Map<string, Rgb[]>()

function lightScale(palette: Palette, paper: Rgb): (value: number) => string {
  const interpolate = palette === 'PuOr' ? mirroredPuOr : interpolateRdBu
  const colors = positions.map((at) => (at === 0.5 ? cssOf(paper) : interpolate(at)))
  return scaleLinear<string>().domain(domain).range(colors)
}

function darkScale(palette: Palette, paper: Rgb): (value: number) => string {
  const [strongNegative, negative, positive, strongPositive] = darkColors[palette]
  return scaleLinear<string>()
    .domain([-1, -0.5, 0, 0.5, 1])
    .range([strongNegative, negative, cssOf(paper), positive, strongPositive])
}

/** d3's PuOr has its purple at 0. */
function mirroredPuOr(position: number): string {
  return interpolatePuOr(1 - position)
}

function parse(css: string): Rgb {
  const [red = 0, green = 0, blue = 0] = css.match(/\d+/g)?.map(Number) ?? []
  return [red, green, blue]
}
