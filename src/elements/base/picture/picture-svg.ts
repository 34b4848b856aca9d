import { canvasOf } from './paint-picture.js'
import { bodySize, fontFamily, type Mark, type Picture } from './picture.js'
import { cssOf, type Rgb } from '../color/theme.js'

/** The picture as an SVG document by itself; `title` is what a screen reader hears. */
export function svgOf({ width, height, marks }: Picture, paper: Rgb, title: string): string {
  const size = `width="${width}" height="${height}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="${cssOf(paper)}"/>`,
    `<g font-family="${escaped(fontFamily)}" font-variant="tabular-nums">`,
    ...marks.map(svgMark),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function svgMark(mark: Mark): string {
  const place = `x="${rounded(mark.x)}" y="${rounded(mark.y)}"`
  if (mark.kind === 'text') {
    const { text, fill, size = bodySize, weight = 400, anchor = 'start' } = mark
    const font = `font-size="${size}" font-weight="${weight}"`
    return `<text ${place} ${font} text-anchor="${anchor}" fill="${cssOf(fill)}">${escaped(text)}</text>`
  }
  const box = `${place} width="${rounded(mark.width)}" height="${rounded(mark.height)}"`
  if (mark.kind === 'rectangle') return `<rect ${box} fill="${cssOf(mark.fill)}"/>`
  const href = canvasOf(mark.image).toDataURL('image/png')
  return `<image ${box} href="${href}" preserveAspectRatio="none" image-rendering="pixelated"/>`
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100)

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as XML has it; the control characters that it cannot hold are left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
