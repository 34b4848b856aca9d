import { create } from '../../dom.js'
import { addArrowKeys, markRadio } from '../../views/roving-radios.js'
import type { ModelFacts } from '../models/model-facts.js'
import type { Matched } from '../session.js'
import { smallSide } from './asked-picture.js'

/** Some of the training examples, as pictures or numbers to choose from. */
export class ExamplesStrip {
  readonly #root: HTMLElement
  readonly #pick: (index: number) => void
  readonly #buttons = new Map<number, HTMLButtonElement>()
  readonly #urls: string[] = []

  constructor(root: HTMLElement, pick: (index: number) => void) {
    this.#root = root
    this.#pick = pick
    addArrowKeys(root)
  }

  /** Shows the examples that are offered. */
  show(model: ModelFacts, { encoded, offered }: Matched): void {
    const [side = 0] = model.inputs[0]?.shape.filter((length) => length !== 1 && length !== 3) ?? []
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url)
    this.#buttons.clear()
    for (const { index, picture } of offered) {
      const button = create('button', picture === null ? '' : 'thumb')
      button.type = 'button'
      button.setAttribute('role', 'radio')
      const label = labelOf(encoded, index)
      if (picture === null) {
        button.append(label === '' ? `no. ${index}` : label)
        button.setAttribute('aria-label', describe(index, label))
      } else {
        const image = create('img', '')
        image.src = URL.createObjectURL(picture)
        image.alt = ''
        this.#urls.push(image.src)
        button.setAttribute('aria-label', describe(index, label))
        button.classList.toggle('small-picture', (side ?? 0) < smallSide)
        button.append(image)
      }
      button.addEventListener('click', () => {
        this.#pick(index)
      })
      this.#buttons.set(index, button)
    }
    this.#root.replaceChildren(...this.#buttons.values())
  }

  mark(index: number | undefined): void {
    markRadio([this.#root], this.#buttons, index)
  }
}

const describe = (index: number, label: string): string =>
  `training example no. ${index}${label === '' ? '' : `, ${label}`}`

/** The label of a training example in words; '' without one. */
export function labelOf(
  { labels, classNames, labelKind }: Matched['encoded'],
  index: number,
): string {
  const value = labels?.data[index]
  if (value === undefined) return ''
  return labelKind === 'classes'
    ? (classNames[value] ?? String(value))
    : String(Number(value.toPrecision(4)))
}
