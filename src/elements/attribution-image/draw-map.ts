import { drawColorBar } from '../base/color/draw-color-bar.js'
import type { Mark, Picture } from '../base/picture/picture.js'
import type { Theme } from '../base/color/theme.js'
import type { ColorBar } from '../base/color/color-bar.js'
import type { Panel } from './layers.js'

const size = 252
const gap = 16

/** Draws the panels and the colour bar. */
export function drawMap(
  panels: readonly Panel[],
  colorBar: ColorBar,
  aspect: number,
  theme: Theme,
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
  const bar = drawColorBar(colorBar, width, theme)
  const top = height + 12
  return {
    width: panels.length * width + (panels.length - 1) * gap,
    height: top + bar.height,
    marks: [
      ...images,
      ...bar.marks.map((mark) => ({ ...mark, x: mark.x + left, y: mark.y + top })),
    ],
  }
}
