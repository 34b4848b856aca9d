import { create } from '../dom.js'
import { addArrowKeys, markRadio } from './roving-radios.js'

export interface Choice {
  readonly index: number
  readonly text: string
  /** The text at the end of the line. */
  readonly note: string
}

export interface Choices {
  /** Marks the picked example; undefined: none. */
  mark(index: number | undefined): void
}

/** Lists held-out examples, one per line, in the radio groups of the root. */
export function createChoices(
  root: HTMLElement,
  choicesOfGroups: readonly (readonly Choice[])[],
  pick: (index: number) => void,
): Choices {
  const groups = [...root.querySelectorAll<HTMLElement>('[role="radiogroup"]')]
  const buttons = new Map<number, HTMLButtonElement>()
  choicesOfGroups.forEach((choices, i) => {
    groups[i]?.replaceChildren(
      ...choices.map(({ index, text, note }) => {
        const label = create('span', 'choice-text', text)
        label.title = text
        const button = create('button', 'choice', label, create('span', 'choice-note', note))
        button.type = 'button'
        button.setAttribute('role', 'radio')
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
  return { mark }
}
