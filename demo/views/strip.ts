import { drawDigit } from '../charts/pixel-canvas.js'
import { imageOf, type ImageSet } from '../data/images.js'
import { create } from '../dom.js'

/** One row on a wide page. */
const perGroup = 16

export interface Strip {
  /** Marks a digit as the picked one; undefined: none is. */
  mark(index: number | undefined): void
  /** The digits that it offers, mistakes first. */
  readonly indices: readonly number[]
}

/** Held-out digits to pick from, mistakes first; arrow keys go from one to the next. */
export function createStrip(
  root: HTMLElement,
  digits: ImageSet,
  misclassified: readonly number[],
  pick: (index: number) => void,
): Strip {
  const wrong = misclassified.slice(0, perGroup)
  const right = firstOfEachClass(digits, new Set(misclassified), perGroup)
  const groups = [...root.querySelectorAll<HTMLElement>('[role="radiogroup"]')]
  const buttons = new Map<number, HTMLButtonElement>()

  ;[wrong, right].forEach((indices, i) => {
    groups[i]?.replaceChildren(
      ...indices.map((index) => {
        const button = createThumb(digits, index, i === 0)
        button.addEventListener('click', () => {
          pick(index)
        })
        buttons.set(index, button)
        return button
      }),
    )
  })
  for (const group of groups) addArrowKeys(group)

  const mark = (picked: number | undefined): void => {
    for (const [index, button] of buttons) {
      button.setAttribute('aria-checked', String(index === picked))
      button.tabIndex = index === picked ? 0 : -1
    }
    for (const group of groups) {
      if (group.querySelector('[tabindex="0"]') !== null) continue
      group.querySelector('button')?.setAttribute('tabindex', '0')
    }
  }
  mark(undefined)
  return { mark, indices: [...wrong, ...right] }
}

function createThumb(digits: ImageSet, index: number, isMistake: boolean): HTMLButtonElement {
  const canvas = create('canvas', 'pixels')
  canvas.width = canvas.height = 28
  drawDigit(canvas, imageOf(digits, index))
  const button = create('button', 'thumb', canvas)
  button.type = 'button'
  button.setAttribute('role', 'radio')
  const label = String(digits.labels[index])
  button.setAttribute(
    'aria-label',
    `held-out digit ${String(index)}, labelled ${label}${isMistake ? ', which the model gets wrong' : ''}`,
  )
  return button
}

/** The first digits in turns of the ten classes, so that each is there. */
function firstOfEachClass(digits: ImageSet, without: ReadonlySet<number>, count: number): number[] {
  const byTurn = new Map<number, number[]>()
  const seen = new Map<number, number>()
  digits.labels.forEach((label, index) => {
    if (without.has(index)) return
    const turn = seen.get(label) ?? 0
    seen.set(label, turn + 1)
    byTurn.set(turn, [...(byTurn.get(turn) ?? []), index])
  })
  const ordered = [...byTurn.keys()]
    .sort((a, b) => a - b)
    .flatMap((turn) => {
      const indices = byTurn.get(turn) ?? []
      return indices.sort((a, b) => (digits.labels[a] ?? 0) - (digits.labels[b] ?? 0))
    })
  return ordered.slice(0, count)
}

function addArrowKeys(group: HTMLElement): void {
  group.addEventListener('keydown', (event) => {
    const step = ['ArrowRight', 'ArrowDown'].includes(event.key)
      ? 1
      : ['ArrowLeft', 'ArrowUp'].includes(event.key)
        ? -1
        : 0
    if (step === 0) return
    event.preventDefault()
    const buttons = [...group.querySelectorAll('button')]
    const current = buttons.findIndex((button) => button === document.activeElement)
    const next = buttons[(current + step + buttons.length) % buttons.length]
    next?.focus()
    next?.click()
  })
}
