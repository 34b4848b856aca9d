import { expect, it } from 'vitest'
import { divergingColors, palettes } from '../../../src/elements/base/color/diverging-colors.js'
import type { Rgb, Theme } from '../../../src/elements/base/color/theme.js'

const light = { isDark: false, paper: [255, 255, 255] } as const
const dark = { isDark: true, paper: [24, 24, 30] } as const
const theme = (part: { readonly isDark: boolean; readonly paper: Rgb }): Theme => part as Theme

/** d3-scale-chromatic 3.1.1 at 0.04, 0.14, 0.25, 0.36 and 0.64, 0.75, 0.86, 0.96; its PuOr mirrored. */
const d3Colors = {
  PuOr: {
    '-1': [148, 71, 7],
    '-0.75': [197, 105, 13],
    '-0.5': [238, 157, 61],
    '-0.25': [253, 207, 148],
    '0.25': [200, 198, 224],
    '0.5': [153, 142, 191],
    '0.75': [102, 71, 150],
    '1': [61, 16, 99],
  },
  RdBu: {
    '-1': [133, 10, 36],
    '-0.75': [191, 54, 58],
    '-0.5': [228, 130, 104],
    '-0.25': [249, 196, 171],
    '0.25': [183, 216, 232],
    '0.5': [107, 172, 208],
    '0.75': [47, 120, 179],
    '1': [16, 70, 126],
  },
} as const

/** Between those colours, and on dark paper: scaleLinear of d3-scale 4.0.2 in 256 steps a side. */
const between = [
  ['PuOr', light, -0.9, [168, 85, 9]],
  ['PuOr', light, -0.62, [218, 132, 38]],
  ['PuOr', light, -0.11, [254, 234, 208]],
  ['PuOr', light, 0.07, [240, 239, 246]],
  ['PuOr', light, 0.4, [172, 165, 204]],
  ['PuOr', light, 0.81, [92, 58, 138]],
  ['PuOr', dark, -0.9, [241, 176, 103]],
  ['PuOr', dark, -0.11, [59, 42, 30]],
  ['PuOr', dark, 0.4, [89, 73, 153]],
  ['PuOr', dark, 0.81, [166, 149, 228]],
  ['RdBu', light, -0.62, [210, 93, 82]],
  ['RdBu', light, 0.07, [235, 244, 249]],
  ['RdBu', light, 0.4, [138, 190, 218]],
  ['RdBu', dark, -0.9, [240, 157, 140]],
  ['RdBu', dark, -0.62, [199, 98, 84]],
  ['RdBu', dark, 0.4, [51, 96, 146]],
] as const

it.each(palettes)('has the colours of d3 in %s on light paper', (palette) => {
  const colorOf = divergingColors(palette, theme(light))
  for (const [value, color] of Object.entries(d3Colors[palette])) {
    expect(colorOf(Number(value)), value).toEqual(color)
  }
})

it.each(between)('interpolates %s linearly, as d3 does (%o at %d)', (palette, paper, at, color) => {
  expect(divergingColors(palette, theme(paper))(at)).toEqual(color)
})

it('has the color of the paper at zero and for values that are not finite', () => {
  for (const paper of [light, dark]) {
    const colorOf = divergingColors('RdBu', theme(paper))
    expect([0, NaN, Infinity].map(colorOf)).toEqual([paper.paper, paper.paper, paper.paper])
  }
})

it('has the colors of −1 and 1 beyond them', () => {
  const colorOf = divergingColors('PuOr', theme(light))
  expect([colorOf(-7), colorOf(1.01)]).toEqual([colorOf(-1), colorOf(1)])
})
