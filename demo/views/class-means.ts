import { classCount } from '../data/mnist.js'
import { create, setText } from '../dom.js'
import { sharedNotation } from '../text/format.js'
import { createSignedBar, scaleOf } from './signed-bar.js'

export interface ClassMean {
  readonly label: number
  /** Of how many training digits of that class; the mean of none is 0. */
  readonly count: number
  readonly mean: number
}

/** The mean score of the training digits of each true label. */
export function classMeans(scores: Float32Array, labels: Uint8Array): ClassMean[] {
  return Array.from({ length: classCount }, (_, label) => {
    const own = Array.from(scores).filter((_score, index) => labels[index] === label)
    const sum = own.reduce((total, score) => total + score, 0)
    return { label, count: own.length, mean: own.length > 0 ? sum / own.length : 0 }
  })
}

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
