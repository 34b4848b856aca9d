import { shortenText, measureText, type Mark, type Picture } from '../base/picture/picture.js'
import type { Theme } from '../base/color/theme.js'
import { formatTablePercent } from '../text/format.js'
import type { ClassProbability } from './class-probabilities.js'

const width = 560
const rowHeight = 28
const barHeight = 14
const gap = 12
const percentWidth = 64
const longestLabel = 220

/** Draws the bars. */
export function drawProbabilities(
  classes: readonly ClassProbability[],
  predicted: ClassProbability,
  { accent, ink, ruleStrong }: Theme,
): Picture {
  const getWeight = (each: ClassProbability): number => (each === predicted ? 700 : 400)
  const labels = classes.map(({ label }) => shortenText(label, longestLabel))
  const labelWidth = Math.ceil(Math.max(...labels.map((label) => measureText(label, 15, 700))))
  const start = labelWidth + gap
  const extent = width - start - gap - percentWidth
  const marks = classes.flatMap((each, i): Mark[] => {
    const y = i * rowHeight
    const weight = getWeight(each)
    const baseline = y + 19
    return [
      { kind: 'text', x: 0, y: baseline, text: labels[i] ?? '', fill: ink, weight },
      {
        kind: 'rectangle',
        x: start,
        y: y + (rowHeight - barHeight) / 2,
        width: extent * each.probability,
        height: barHeight,
        fill: accent,
      },
      {
        kind: 'text',
        x: width,
        y: baseline,
        text: formatTablePercent(each.probability),
        fill: ink,
        weight,
        anchor: 'end',
      },
    ]
  })
  const height = classes.length * rowHeight
  const axis: Mark = { kind: 'rectangle', x: start - 1, y: 0, width: 1, height, fill: ruleStrong }
  return { width, height, marks: [axis, ...marks] }
}
