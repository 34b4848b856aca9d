import { wrapText, type Mark, type Picture } from '../base/picture/picture.js'
import type { Theme } from '../base/color/theme.js'
import type { ColorBar } from './color-bar.js'
import type { Panel } from './layers.js'

const size = 252
const gap = 16
const barHeight = 12
const small = 13
const lineHeight = 16

/** Draws the panels and the colour bar. */
export function drawMap(
  panels: readonly Panel[],
  { ramp, ticks }: ColorBar,
  aspect: number,
  { inkQuiet }: Theme,
): Picture {
  const width = size * Math.min(1, aspect)
  const height = width / aspect
  const images = panels.flatMap((layers, i): Mark[] =>
    layers.map((image) => ({
      kind: 'pixels',
      x: i * (width + gap),
      y: 0,
      width,
      height,
      image,
    })),
  )
  const left = (panels.length - 1) * (width + gap)
  const barTop = height + 12
  const labels = ticks.flatMap(({ at, value, meaning }): Mark[] => {
    const lines = [value, ...(meaning === '' ? [] : wrapText(meaning, width / 2 - gap, small))]
    const anchor = at === 0 ? 'start' : at === 1 ? 'end' : 'middle'
    return lines.map((text, line) => ({
      kind: 'text',
      x: left + at * width,
      y: barTop + barHeight + (line + 1) * lineHeight,
      text,
      fill: inkQuiet,
      size: small,
      anchor,
    }))
  })
  const lowest = Math.max(...labels.map(({ y }) => y))
  return {
    width: panels.length * width + (panels.length - 1) * gap,
    height: lowest + 4,
    marks: [
      ...images,
      { kind: 'pixels', x: left, y: barTop, width, height: barHeight, image: ramp },
      ...labels,
    ],
  }
}
