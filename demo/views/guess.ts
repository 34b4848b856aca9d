import { formatFixed } from 'gradlens/elements'
import { create } from '../dom.js'

export interface Guess {
  /** Shows the labels of the training cars, which are the usual range. */
  showTraining(labels: readonly number[]): void
  show(predicted: number, truth: number): void
}

/**
 * Creates a line of miles per gallon with the training cars as ticks, the prediction and the true
 * value.
 */
export function createGuess(root: HTMLElement): Guess {
  const ticks = create('div', 'guess-ticks')
  const predictedMark = create('div', 'guess-mark')
  const truthMark = create('div', 'guess-mark')
  truthMark.dataset['truth'] = ''
  const predictedLabel = create('div', 'guess-label', 'guess')
  const truthLabel = create('div', 'guess-label', 'truth')
  predictedMark.append(predictedLabel)
  truthMark.append(truthLabel)
  const line = create('div', 'guess-line', ticks, predictedMark, truthMark)
  line.setAttribute('aria-hidden', 'true')
  const ends = create('div', 'guess-ends')
  ends.setAttribute('aria-hidden', 'true')
  root.replaceChildren(line, ends)
  let lowest = 0
  let highest = 1
  const placeAt = (element: HTMLElement, value: number): void => {
    const share = Math.max(0, Math.min(1, (value - lowest) / (highest - lowest)))
    element.style.setProperty('inset-inline-start', `${share * 100}%`)
  }

  return {
    showTraining(labels) {
      lowest = Math.min(...labels)
      highest = Math.max(...labels)
      ends.replaceChildren(
        create('span', '', `${formatFixed(lowest, 0)} mpg`),
        create('span', '', 'one tick per training car'),
        create('span', '', `${formatFixed(highest, 0)} mpg`),
      )
      ticks.replaceChildren(
        ...labels.map((label) => {
          const tick = create('span', 'guess-tick')
          placeAt(tick, label)
          return tick
        }),
      )
    },
    show(predicted, truth) {
      placeAt(predictedMark, predicted)
      placeAt(truthMark, truth)
    },
  }
}
