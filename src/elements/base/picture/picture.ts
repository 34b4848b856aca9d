import type { Rgb } from '../color/theme.js'

/** What is shown, as marks in pixels of CSS, to be saved as SVG or painted. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly marks: readonly Mark[]
}

export type Mark = RectangleMark | TextMark | PixelsMark

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
  /** Where the baseline starts; ends, if anchored there. */
  readonly x: number
  readonly y: number
  readonly text: string
  readonly fill: Rgb
  /** 15 */
  readonly size?: number
  /** 400 */
  readonly weight?: number
  /** 'start' */
  readonly anchor?: 'start' | 'middle' | 'end'
}

/** Square pixels, stretched to the given size without smoothing. */
export interface PixelsMark {
  readonly kind: 'pixels'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly image: ImageData
}

export const fontFamily = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
export const bodySize = 15

export const fontOf = (size: number, weight: number): string => `${weight} ${size}px ${fontFamily}`

/** How wide the text becomes, in pixels of CSS. */
export function textWidth(text: string, size: number = bodySize, weight = 400): number {
  const context = new OffscreenCanvas(1, 1).getContext('2d')
  if (context === null) return text.length * size * 0.6
  context.font = fontOf(size, weight)
  return context.measureText(text).width
}

/** The text in lines that fit; a word that is longer than a line is broken. */
export function linesOf(text: string, width: number, size: number = bodySize): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/[ \t\n]+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (textWidth(longer, size) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (textWidth(line, size) > width && line.length > 1) {
      const fitting = fittingLength(line, width, size)
      lines.push(line.slice(0, fitting))
      line = line.slice(fitting)
    }
  }
  return [...lines, line]
}

/** The text, cut with an ellipsis where it is too long. */
export function shortened(text: string, width: number, size: number = bodySize): string {
  if (textWidth(text, size) <= width) return text
  return `${text.slice(0, fittingLength(text, width - textWidth('…', size), size))}…`
}

function fittingLength(text: string, width: number, size: number): number {
  let length = text.length - 1
  while (length > 1 && textWidth(text.slice(0, length), size) > width) length--
  return length
}
