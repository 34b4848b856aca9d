import { wrapText, type Mark, type Picture } from '../picture/picture.js'
import type { ColorBar } from './color-bar.js'
import type { Theme } from './theme.js'

const gap = 16
const barHeight = 12
const small = 13
const lineHeight = 16

/** Draws a colour bar with the labels of its ticks. */
export function drawColorBar(
  { ramp, ticks }: ColorBar,
  width: number,
  { inkQuiet }: Theme,
): Picture {
  const labels = ticks.flatMap(({ at, value, meaning }): Mark[] => {
    const lines = [value, ...(meaning === '' ? [] : wrapText(meaning, width / 2 - gap, small))]
    const anchor = at === 0 ? 'start' : at === 1 ? 'end' : 'middle'
    return lines.map((text, line) => ({
      kind: 'text',
      x: at * width,
      y: barHeight + (line + 1) * lineHeight,
      text,
      fill: inkQuiet,
      size: small,
      anchor,
    }))
  })
  return {
    width,
    height: Math.max(...labels.map(({ y }) => y)) + 4,
    marks: [{ kind: 'pixels', x: 0, y: 0, width, height: barHeight, image: ramp }, ...labels],
  }
}
