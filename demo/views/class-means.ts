import { create, setText } from '../dom.js'
import type { ClassMean } from '../neighbours.js'
import { sharedNotation } from '../text/format.js'
import { createSignedBar, scaleOf } from './signed-bar.js'

const classCount = 10

/** Of how many digits each mean is: 'of 100 training digits each'. */
export function meansHint(means: readonly ClassMean[]): string {
  const counts = means.map(({ count }) => count)
  const fewest = Math.min(...counts)
  const most = Math.max(...counts)
  const range = fewest === most ? String(most) : `${String(fewest)} to ${String(most)}`
  return `of ${range} training digits each`
}

export interface ClassMeansView {
  show(means: readonly ClassMean[], predictedLabel: number): void
}

export function createClassMeans(list: HTMLElement): ClassMeansView {
  const rows = Array.from({ length: classCount }, (_, label) => {
    const bar = createSignedBar()
    const score = create('span', 'score')
    const item = create(
      'li',
      'class-mean',
      create('span', 'label', String(label)),
      bar.element,
      score,
    )
    list.append(item)
    return { item, bar, score }
  })

  return {
    show(means, predictedLabel): void {
      const values = means.map(({ mean }) => mean)
      const scale = scaleOf(values)
      const format = sharedNotation(values)
      for (const { label, count, mean } of means) {
        const row = rows[label]
        if (row === undefined) continue
        row.item.toggleAttribute('data-predicted', label === predictedLabel)
        row.bar.show(mean, scale)
        setText(row.score, count > 0 ? format(mean) : '–')
      }
    },
  }
}
