import { drawImage } from '../charts/pixel-canvas.js'
import { imageOf, type ImageSet } from '../data/images.js'
import { create } from '../dom.js'
import { addArrowKeys, markRadio } from './roving-radios.js'

/** One row on a wide page. */
const perGroup = 16

export interface StripOptions {
  /** Which of the images the model gets wrong. */
  readonly misclassified: readonly number[]
  /** What an image is, in words. */
  readonly describe: (index: number) => string
  readonly pick: (index: number) => void
}

export interface Strip {
  /** Marks an image as the picked one; undefined: none is. */
  mark(index: number | undefined): void
  /** The images that it offers, mistakes first. */
  readonly indices: readonly number[]
}

/** Held-out images to pick from, mistakes first; arrow keys go from one to the next. */
export function createStrip(
  root: HTMLElement,
  images: ImageSet,
  { misclassified, describe, pick }: StripOptions,
): Strip {
  const wrong = misclassified.slice(0, perGroup)
  const right = firstOfEachClass(images, new Set(misclassified), perGroup)
  const groups = [...root.querySelectorAll<HTMLElement>('[role="radiogroup"]')]
  const buttons = new Map<number, HTMLButtonElement>()

  ;[wrong, right].forEach((indices, i) => {
    groups[i]?.replaceChildren(
      ...indices.map((index) => {
        const isMistake = i === 0
        const label = `${describe(index)}${isMistake ? ', which the model gets wrong' : ''}`
        const button = createThumb(imageOf(images, index), label)
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
    markRadio(groups, buttons, picked)
  }
  mark(undefined)
  return { mark, indices: [...wrong, ...right] }
}

function createThumb(pixels: Uint8Array, label: string): HTMLButtonElement {
  const canvas = create('canvas', 'pixels')
  canvas.width = canvas.height = 28
  drawImage(canvas, pixels)
  const button = create('button', 'thumb', canvas)
  button.type = 'button'
  button.setAttribute('role', 'radio')
  button.setAttribute('aria-label', label)
  return button
}

/** The first images in turns of the ten classes, so that each is there. */
function firstOfEachClass(
  { labels }: ImageSet,
  without: ReadonlySet<number>,
  count: number,
): number[] {
  const byTurn = new Map<number, number[]>()
  const seen = new Map<number, number>()
  labels.forEach((label, index) => {
    if (without.has(index)) return
    const turn = seen.get(label) ?? 0
    seen.set(label, turn + 1)
    byTurn.set(turn, [...(byTurn.get(turn) ?? []), index])
  })
  const ordered = [...byTurn.keys()]
    .sort((a, b) => a - b)
    .flatMap((turn) => {
      const indices = byTurn.get(turn) ?? []
      return indices.sort((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0))
    })
  return ordered.slice(0, count)
}
