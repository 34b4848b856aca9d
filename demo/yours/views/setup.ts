import { find } from '../../dom.js'

/** What the page waits for: files; a choice that the files leave open; or a question. */
export type Stage = 'files' | 'choices' | 'questions'

const names = ['model-drop', 'data-drop', 'match'] as const
/** A part of the setup. Its summary is always shown, its controls fold once they are done. */
export type SetupName = (typeof names)[number]

/** The model, the examples and how they fit together, which fold when there is an answer. */
export class Setup {
  readonly #main = find('main', HTMLElement)
  readonly #open = new Set<SetupName>()
  #stage: Stage = 'files'

  constructor() {
    for (const name of names) {
      find(`#${name} .change`, HTMLButtonElement).addEventListener('click', () => {
        this.toggle(name, !this.#open.has(name))
      })
    }
    this.#show()
  }

  get stage(): Stage {
    return this.#stage
  }

  /** Enters a stage. The parts that are not needed in it fold. */
  enter(stage: Stage): void {
    if (stage === this.#stage) return
    this.#stage = stage
    this.#open.clear()
    if (stage === 'choices') this.#open.add('match')
    this.#show()
  }

  /** Folds a part or opens it. */
  toggle(name: SetupName, isOpen: boolean): void {
    if (isOpen) this.#open.add(name)
    else this.#open.delete(name)
    this.#show()
  }

  #show(): void {
    this.#main.dataset['stage'] = this.#stage
    const { activeElement } = document
    for (const name of names) {
      const isFoldable = this.#stage !== 'files'
      const isOpen = !isFoldable || this.#open.has(name)
      const body = find(`#${name} .setup-body`, HTMLElement)
      const change = find(`#${name} .change`, HTMLButtonElement)
      change.hidden = !isFoldable
      change.textContent = isOpen ? 'Done' : 'Change'
      change.setAttribute('aria-expanded', String(isOpen))
      // The keyboard's focus must not vanish with the control that had it.
      if (!isOpen && body.contains(activeElement)) change.focus()
      body.hidden = !isOpen
    }
  }
}
