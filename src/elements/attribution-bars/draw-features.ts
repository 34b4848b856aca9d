import { shortenText, measureText, type Mark, type Picture } from '../base/picture/picture.js'
import { placeOnScale, type SignedScale } from '../base/color/signed-scale.js'
import type { Theme } from '../base/color/theme.js'
import { createSignedFormat, formatValue } from '../text/format.js'
import type { FeatureAttribution } from './feature-attributions.js'

const width = 560
const rowHeight = 28
const barHeight = 10
const gap = 12
const longestName = 240

/** Draws the bars. */
export function drawFeatures(
  features: readonly FeatureAttribution[],
  scale: SignedScale,
  theme: Theme,
): Picture {
  const format = createSignedFormat(features.map(({ attribution }) => attribution))
  const numbers = features.map(({ attribution }) => format(attribution))
  const numberWidth = Math.ceil(Math.max(0, ...numbers.map((text) => measureText(text))))
  const names = features.map(({ name, value }) =>
    shortenText(value === null ? name : `${name}  ${formatValue(value)}`, longestName),
  )
  const start = Math.ceil(Math.max(0, ...names.map((name) => measureText(name)))) + gap
  const extent = width - start - gap - numberWidth
  const height = features.length * rowHeight
  const { zero } = placeOnScale(0, scale)
  const marks = features.flatMap(({ attribution }, i): Mark[] => {
    const y = i * rowHeight
    const place = placeOnScale(attribution, scale)
    return [
      { kind: 'text', x: 0, y: y + 19, text: names[i] ?? '', fill: theme.ink },
      {
        kind: 'rectangle',
        x: start + extent * place.start,
        y: y + (rowHeight - barHeight) / 2,
        width: extent * (place.end - place.start),
        height: barHeight,
        fill: attribution < 0 ? theme.negative : theme.positive,
      },
      { kind: 'text', x: width, y: y + 19, text: numbers[i] ?? '', fill: theme.ink, anchor: 'end' },
    ]
  })
  const axis: Mark = {
    kind: 'rectangle',
    x: start + extent * zero,
    y: 0,
    width: 1,
    height,
    fill: theme.ink,
  }
  return { width, height, marks: [...marks, axis] }
}
