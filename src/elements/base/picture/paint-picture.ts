import { bodySize, formatFont, type Mark, type Picture } from './picture.js'
import { cssOf, type Rgb } from '../color/theme.js'

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
  for (const mark of picture.marks) paintMark(context, mark)
  return canvas
}

/** A canvas with these pixels, unscaled. */
export function createCanvas(image: ImageData): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = image.width
  canvas.height = image.height
  canvas.getContext('2d')?.putImageData(image, 0, 0)
  return canvas
}

function paintMark(context: CanvasRenderingContext2D, mark: Mark): void {
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
