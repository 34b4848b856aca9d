import { create, setText } from '../dom.js'
import { formatTablePercent } from '../text/format.js'
import type { Prediction } from '../workers/protocol.js'

const classCount = 10

export interface ProbabilitiesView {
  show(prediction: Prediction): void
  showTarget(target: number | undefined): void
}

/** A bar for each class; a click on one chooses the class that the map explains. */
export function createProbabilities(
  list: HTMLElement,
  choose: (target: number) => void,
): ProbabilitiesView {
  const rows = Array.from({ length: classCount }, (_, label) => {
    const bar = create('span', 'bar')
    bar.style.transform = 'scaleX(0)'
    const percent = create('span', 'percent')
    const shown = create('span', 'shown')
    const button = create(
      'button',
      'probability',
      create('span', 'label', String(label)),
      create('span', 'track', bar),
      percent,
      shown,
    )
    button.type = 'button'
    button.disabled = true
    button.setAttribute('aria-pressed', 'false')
    button.addEventListener('click', () => {
      choose(label)
    })
    return { button, bar, percent, shown }
  })
  list.append(...rows.map(({ button }) => create('li', '', button)))

  return {
    show({ outputs: probabilities, label: predicted }): void {
      rows.forEach(({ button, bar, percent }, label) => {
        const probability = probabilities[label] ?? 0
        bar.style.transform = `scaleX(${String(probability)})`
        setText(percent, formatTablePercent(probability))
        button.disabled = false
        button.toggleAttribute('data-predicted', label === predicted)
        button.setAttribute(
          'aria-label',
          `${String(label)}: ${formatTablePercent(probability)}. Show the map for ${String(label)}.`,
        )
      })
    },
    showTarget(target): void {
      rows.forEach(({ button, shown }, label) => {
        button.setAttribute('aria-pressed', String(label === target))
        setText(shown, label === target ? 'in the map' : '')
      })
    },
  }
}
