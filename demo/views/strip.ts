import { drawImage } from '../charts/pixel-canvas.js'
import { imageOf, type ImageSet } from '../data/images.js'
import { create } from '../dom.js'
import { addArrowKeys, markRadio } from './roving-radios.js'

/** The number of images of each group in the row of a wide page. */
const perGroup = 11

export interface StripOptions {
  /** The images that the model gets wrong. */
  readonly misclassified: readonly number[]
  /** Describes an image in words. */
  readonly describe: (index: number) => string
  readonly pick: (index: number) => void
}

export interface Strip {
  /** Marks the picked image; undefined: none. */
  mark(index: number | undefined): void
  /** The images in the strip, mistakes first. */
  readonly indices: readonly number[]
}

/** Shows held-out images to pick from, mistakes first. */
export function createStrip(
  root: HTMLElement,
  images: ImageSet,
  { misclassified, describe, pick }: StripOptions,
): Strip {
  const wrong = misclassified.slice(0, perGroup)
  const right = pickFromEachClass(images, new Set(misclassified), perGroup)
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

/** Picks images of the classes in turn, so that each class is present. */
function pickFromEachClass(
  { labels }: ImageSet,
  excluded: ReadonlySet<number>,
  count: number,
): number[] {
  const byTurn = new Map<number, number[]>()
  const seen = new Map<number, number>()
  labels.forEach((label, index) => {
    if (excluded.has(index)) return
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
