import type { Rgb } from '../color/theme.js'
import type { Raster } from './pixels.js'

/** A picture as a list of marks in CSS pixels, which can be saved as SVG or painted on a canvas. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly marks: readonly Mark[]
}

export type Mark = RectangleMark | TextMark | PixelsMark | LineMark

export interface RectangleMark {
  readonly kind: 'rectangle'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly fill: Rgb
}

export interface TextMark {
  readonly kind: 'text'
  /** The anchor point on the baseline. */
  readonly x: number
  readonly y: number
  readonly text: string
  readonly fill: Rgb
  /** In pixels. Default 15. */
  readonly size?: number
  /** Default 400. */
  readonly weight?: number
  /** Default 'start'. */
  readonly anchor?: 'start' | 'middle' | 'end'
}

/** Pixels, stretched to the given size without smoothing. */
export interface PixelsMark {
  readonly kind: 'pixels'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly image: Raster
}

/** A line through points, with a halo of paper. */
export interface LineMark {
  readonly kind: 'line'
  readonly x: number
  readonly y: number
  /** Relative to x and y. */
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly stroke: Rgb
}

/** The widths of a line and of its halo. */
export const lineWidths = { line: 1.5, halo: 4 } as const

export const fontFamily = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
export const bodySize = 15

export const formatFont = (size: number, weight: number): string =>
  `${weight} ${size}px ${fontFamily}`

/** The width of the text, in CSS pixels. */
export function measureText(text: string, size: number = bodySize, weight = 400): number {
  const context = new OffscreenCanvas(1, 1).getContext('2d')
  if (context === null) return text.length * size * 0.6
  context.font = formatFont(size, weight)
  return context.measureText(text).width
}

/** Wraps the text into lines. A word longer than a line is broken. */
export function wrapText(text: string, width: number, size: number = bodySize): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/[ \t\n]+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (measureText(longer, size) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (measureText(line, size) > width && line.length > 1) {
      const fitting = findFittingLength(line, width, size)
      lines.push(line.slice(0, fitting))
      line = line.slice(fitting)
    }
  }
  return [...lines, line]
}

/** The text, cut with an ellipsis if it is too long. */
export function shortenText(text: string, width: number, size: number = bodySize): string {
  if (measureText(text, size) <= width) return text
  return `${text.slice(0, findFittingLength(text, width - measureText('…', size), size))}…`
}

function findFittingLength(text: string, width: number, size: number): number {
  let length = text.length - 1
  while (length > 1 && measureText(text.slice(0, length), size) > width) length--
  return length
}
