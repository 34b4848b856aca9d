import {
  bodySize,
  formatFont,
  type LineMark,
  lineWidths,
  type Mark,
  type Picture,
} from './picture.js'
import { cssOf, type Rgb } from '../color/theme.js'
import type { Raster } from './pixels.js'

/** The picture on a canvas, with `scale` pixels for each CSS pixel. */
export function paintPicture(picture: Picture, paper: Rgb, scale: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(picture.width * scale)
  canvas.height = Math.round(picture.height * scale)
  const context = canvas.getContext('2d')
  if (context === null) return canvas
  context.scale(scale, scale)
  context.fillStyle = cssOf(paper)
  context.fillRect(0, 0, picture.width, picture.height)
  context.imageSmoothingEnabled = false
  for (const mark of picture.marks) paintMark(context, mark, paper)
  return canvas
}

/** A canvas with these pixels, unscaled. */
export function createCanvas(image: Raster): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  paintRaster(canvas, image)
  return canvas
}

/** Gives the canvas the size and the pixels of the image. */
export function paintRaster(canvas: HTMLCanvasElement, { data, width, height }: Raster): void {
  canvas.width = width
  canvas.height = height
  // Small images are painted faster in main memory than on a GPU, whose memory each canvas would
  // use.
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context?.putImageData(new ImageData(data, width, height), 0, 0)
}

function paintMark(context: CanvasRenderingContext2D, mark: Mark, paper: Rgb): void {
  if (mark.kind === 'line') {
    paintLine(context, mark, paper)
    return
  }
  if (mark.kind === 'pixels') {
    context.drawImage(createCanvas(mark.image), mark.x, mark.y, mark.width, mark.height)
    return
  }
  context.fillStyle = cssOf(mark.fill)
  if (mark.kind === 'rectangle') {
    context.fillRect(mark.x, mark.y, mark.width, mark.height)
    return
  }
  const { text, x, y, size = bodySize, weight = 400, anchor = 'start' } = mark
  context.font = formatFont(size, weight)
  context.textAlign = anchor === 'middle' ? 'center' : anchor
  context.fillText(text, x, y)
}

function paintLine(
  context: CanvasRenderingContext2D,
  { x, y, points, stroke }: LineMark,
  paper: Rgb,
): void {
  context.lineJoin = 'round'
  for (const [color, width] of [
    [paper, lineWidths.halo],
    [stroke, lineWidths.line],
  ] as const) {
    context.strokeStyle = cssOf(color)
    context.lineWidth = width
    context.beginPath()
    for (const [left, top] of points) context.lineTo(x + left, y + top)
    context.stroke()
  }
}
