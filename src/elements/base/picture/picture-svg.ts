import { escapeMarkup } from '../../text/escape-markup.js'
import { createCanvas } from './paint-picture.js'
import {
  bodySize,
  fontFamily,
  type LineMark,
  lineWidths,
  type Mark,
  type Picture,
} from './picture.js'
import { cssOf, type Rgb } from '../color/theme.js'

/** The picture as a standalone SVG document. Screen readers read its `title`. */
export function formatSvg({ width, height, marks }: Picture, paper: Rgb, title: string): string {
  const size = `width="${width}" height="${height}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="100%" height="100%" fill="${cssOf(paper)}"/>`,
    `<g font-family="${escapeXml(fontFamily)}" font-variant="tabular-nums">`,
    ...marks.map((mark) => formatMark(mark, paper)),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function formatMark(mark: Mark, paper: Rgb): string {
  if (mark.kind === 'line') return formatLine(mark, paper)
  const place = `x="${round(mark.x)}" y="${round(mark.y)}"`
  if (mark.kind === 'text') {
    const { text, fill, size = bodySize, weight = 400, anchor = 'start' } = mark
    const font = `font-size="${size}" font-weight="${weight}"`
    return `<text ${place} ${font} text-anchor="${anchor}" fill="${cssOf(fill)}">${escapeXml(text)}</text>`
  }
  const box = `${place} width="${round(mark.width)}" height="${round(mark.height)}"`
  if (mark.kind === 'rectangle') return `<rect ${box} fill="${cssOf(mark.fill)}"/>`
  const href = createCanvas(mark.image).toDataURL('image/png')
  return `<image ${box} href="${href}" preserveAspectRatio="none" image-rendering="pixelated"/>`
}

function formatLine({ x, y, points, stroke }: LineMark, paper: Rgb): string {
  const places = points.map(([left, top]) => `${round(x + left)},${round(y + top)}`).join(' ')
  const line = (color: Rgb, width: number): string =>
    `<polyline points="${places}" fill="none" stroke="${cssOf(color)}" stroke-width="${width}" stroke-linejoin="round"/>`
  return `${line(paper, lineWidths.halo)}\n${line(stroke, lineWidths.line)}`
}

const round = (value: number): string => `${Math.round(value * 100) / 100}`

/** Text escaped for XML, without the control characters that XML forbids. */
function escapeXml(text: string): string {
  return escapeMarkup(text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ''))
}
