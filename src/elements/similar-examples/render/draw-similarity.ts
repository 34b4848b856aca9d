import {
  wrapText,
  shortenText,
  type Mark,
  type Picture,
  type RectangleMark,
} from '../../base/picture/picture.js'
import { createImage, type ValueRange } from '../../base/picture/pixels.js'
import type { Theme } from '../../base/color/theme.js'
import { formatValue, createNumberFormat } from '../../text/format.js'
import { selectMeans } from './render-means.js'
import { traceSeries } from './render-series.js'
import { differs } from '../labels.js'
import { createScoreFormat } from '../wording/score-format.js'
import type { ShownExample } from '../shown-example.js'
import { placeOnScale, scaleOf, type SignedScale } from '../../base/color/signed-scale.js'
import type { SimilarityView } from '../similarity-view.js'

const width = 880
const small = 13
const side = 64
const lineHeight = 20
const barWidth = 240
const scoreWidth = 72
const factsStart = side + 16
const barStart = width - barWidth - scoreWidth

interface DrawOptions {
  readonly theme: Theme
  readonly range: ValueRange
  readonly ink: boolean
}

/** Draws both ends of the order, one row per example, and the class means. */
export function drawSimilarity(view: SimilarityView, options: DrawOptions): Picture {
  const marks: Mark[] = []
  let y = 0
  const add = (some: readonly Mark[], height: number): void => {
    marks.push(...some.map((mark) => ({ ...mark, y: mark.y + y })))
    y += height
  }
  const { inkQuiet } = options.theme
  const title = (text: string): void => {
    add([{ kind: 'text', x: 0, y: 14, text, fill: inkQuiet, size: small, weight: 600 }], 24)
  }
  const { most, least, measure } = view
  const format = createScoreFormat(view)
  const ends = [
    [measure.titles.most, most],
    [measure.titles.least, least],
  ] as const
  for (const [text, examples] of ends) {
    if (examples.length === 0) continue
    title(text)
    for (const example of examples) {
      const row = drawExample(example, view, format, options)
      add(row.marks, row.height)
    }
    y += 12
  }
  const means = selectMeans(view)
  if (means.length > 0) {
    title('Mean score per class')
    const scale = scaleOf(means.map(({ mean }) => mean))
    const formatMean = createNumberFormat(means.map(({ mean }) => mean))
    for (const { label, mean } of means) {
      const text = shortenText(view.name(label), barStart - 24)
      const name: Mark = { kind: 'text', x: 0, y: 16, text, fill: options.theme.ink }
      add([name, ...drawBar(mean, scale, 11, formatMean, options.theme)], 24)
    }
  }
  return { width, height: y, marks }
}

function drawExample(
  { content, name, label, predicted, index, score, isSuspect }: ShownExample,
  view: SimilarityView,
  format: (score: number) => string,
  { theme, range, ink }: DrawOptions,
): { marks: Mark[]; height: number } {
  const { ink: fill, inkQuiet } = theme
  const marks: Mark[] = []
  const isPicture = content.kind === 'image' || content.kind === 'series'
  if (content.kind === 'series') {
    for (const run of traceSeries(content.columns, view.extents)) {
      const points = run.map(([x, y]) => [x * side, y * side] as const)
      marks.push({ kind: 'line', x: 0, y: 0, points, stroke: fill })
    }
  }
  if (content.kind === 'image') {
    const image = createImage(content.pixels, range, ink ? theme : null)
    const scale = side / Math.max(image.width, image.height)
    const size = { width: image.width * scale, height: image.height * scale }
    marks.push({ kind: 'pixels', x: 0, y: 0, ...size, image })
  }
  const x = isPicture ? factsStart : 0
  const isWrong = differs({ label, predicted }, view)
  const facts = [
    ...(name === undefined ? [] : [name]),
    ...(label === undefined ? [] : [`labelled ${view.name(label)}`]),
    ...(predicted === undefined
      ? []
      : [`${isWrong ? '≠ ' : ''}model says ${view.name(predicted)}`]),
    ...(isSuspect ? ['◆ check label'] : []),
    ...(index === undefined || name !== undefined ? [] : [`no. ${index}`]),
  ].join(' · ')
  const room = barStart - x - 24
  const lines = [...wrapText(formatContent(content), room).filter((line) => line !== ''), '']
  const texts = lines.slice(0, 4)
  texts.forEach((text, i) => {
    if (text !== '') marks.push({ kind: 'text', x, y: 16 + i * lineHeight, text, fill })
  })
  const shownLines = texts.filter((text) => text !== '').length
  marks.push({
    kind: 'text',
    x,
    y: 15 + shownLines * lineHeight,
    text: shortenText(facts, room, small),
    fill: shownLines > 0 ? inkQuiet : fill,
    size: small,
  })
  if (score !== undefined) marks.push(...drawBar(score, view.scale, 11, format, theme))
  const height = Math.max(isPicture ? side + 8 : 0, (shownLines + 1) * lineHeight + 8)
  return { marks, height }
}

function drawBar(
  value: number,
  scale: SignedScale | null,
  middle: number,
  format: (value: number) => string,
  { wash, ink, positive, negative }: Theme,
): Mark[] {
  const text = Number.isFinite(value) ? format(value) : '–'
  const number: Mark = { kind: 'text', x: width, y: middle + 5, text, fill: ink, anchor: 'end' }
  if (scale === null) return [number]
  const { zero, start, end } = placeOnScale(value, scale)
  const rectangle = (
    from: number,
    extent: number,
    height: number,
    fill: RectangleMark['fill'],
  ): Mark => ({
    kind: 'rectangle',
    x: barStart + from,
    y: middle - height / 2,
    width: extent,
    height,
    fill,
  })
  return [
    rectangle(0, barWidth, 10, wash),
    rectangle(start * barWidth, (end - start) * barWidth, 10, value < 0 ? negative : positive),
    rectangle(zero * barWidth, 1, 16, ink),
    number,
  ]
}

function formatContent(content: ShownExample['content']): string {
  if (content.kind === 'text') return content.text
  if (content.kind === 'address') return content.url
  return content.kind === 'row' ? content.cells.map(formatValue).join(', ') : ''
}
