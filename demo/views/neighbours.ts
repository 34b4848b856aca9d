import { drawDigit } from '../charts/pixel-canvas.js'
import { create, setText } from '../dom.js'
import { neighbourCount, type Neighbour } from '../neighbours.js'
import { createSignedBar, type SignedScale } from './signed-bar.js'

export interface NeighbourRow {
  show(
    neighbours: readonly Neighbour[],
    options: {
      readonly scale: SignedScale
      readonly format: (score: number) => string
      readonly imageOf: (index: number) => Uint8Array
    },
  ): void
}

/** Five training digits with their scores, labels, and what the model says of them. */
export function createNeighbourRow(list: HTMLElement): NeighbourRow {
  const cards = Array.from({ length: neighbourCount }, () => {
    const canvas = create('canvas', 'pixels')
    canvas.width = canvas.height = 28
    canvas.setAttribute('aria-hidden', 'true')
    drawDigit(canvas, [])
    const labelled = create('strong', '')
    const says = create('span', 'says')
    const number = create('span', 'number')
    const score = create('span', 'score')
    const bar = createSignedBar()
    const item = create(
      'li',
      'neighbour',
      canvas,
      create('div', 'neighbour-text', create('div', '', labelled), says, create('div', '', number)),
      create('div', 'neighbour-score', bar.element, score),
    )
    list.append(item)
    return { canvas, labelled, says, number, score, bar }
  })

  return {
    show(neighbours, { scale, format, imageOf }): void {
      cards.forEach(({ canvas, labelled, says, number, score, bar }, i) => {
        const neighbour = neighbours[i]
        if (neighbour === undefined) return
        const { index, trueLabel, predictedLabel } = neighbour
        drawDigit(canvas, imageOf(index))
        setText(labelled, `labelled ${String(trueLabel)}`)
        const differs = trueLabel !== predictedLabel
        setText(says, `${differs ? '≠ ' : ''}model says ${String(predictedLabel)}`)
        says.toggleAttribute('data-differs', differs)
        setText(number, `no. ${String(index)}`)
        setText(score, format(neighbour.score))
        bar.show(neighbour.score, scale)
      })
    },
  }
}
