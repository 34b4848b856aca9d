import { scaleLinear } from 'd3-scale'
import { interpolatePuOr } from 'd3-scale-chromatic'

export type Theme = 'light' | 'dark'
export type Color = readonly [red: number, green: number, blue: number]

/**
 * Drawn for a dark page, not inverted: zero is the page's own dark, and both signs grow lighter from it.
 * The hues are PuOr's.
 */
const darkPuOr = scaleLinear<string>()
  .domain([-1, -0.5, 0, 0.5, 1])
  .range(['#ffc27a', '#b86b1c', '#131317', '#6a55b8', '#cbbcff'])

/** PuOr (its purple stands at 0) with a white middle: PuOr's own is a light grey, and the page is white. */
const lightPuOr = scaleLinear<string>()
  .domain([-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1])
  .range([0.96, 0.86, 0.75, 0.64, 0.5, 0.36, 0.25, 0.14, 0.04].map(paleMiddle))

/** The colour of a value of −1 … 1: orange below zero, purple above, the page's ground at zero. */
export function divergingColor(value: number, theme: Theme): Color {
  const clamped = Math.max(-1, Math.min(1, value))
  return parse(theme === 'dark' ? darkPuOr(clamped) : lightPuOr(clamped))
}

function paleMiddle(position: number): string {
  return position === 0.5 ? '#ffffff' : interpolatePuOr(position)
}

function parse(css: string): Color {
  const channels = css.match(/\d+/g)?.map(Number) ?? []
  const [red = 0, green = 0, blue = 0] = channels
  return [red, green, blue]
}
