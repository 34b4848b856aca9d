import { find, setText } from '../dom.js'
import type { Answer, Question } from './answer.js'
import { baseName } from './files/named-file.js'
import type { ModelFacts } from './models/model-facts.js'
import type { Matched } from './session.js'
import { createDropZone } from './views/drop-zone.js'
import { ExamplesStrip, labelOf } from './views/examples-strip.js'
import { createFailure, messageOf } from './views/failure.js'
import { type OwnExampleOptions, showOwnExample } from './views/own-example.js'

/**
 * The part of the page that asks: about a training example that is offered, or about an example of
 * the visitor's own.
 */
export class Questions {
  readonly #answer: Answer
  readonly #root = find('#ask', HTMLElement)
  readonly #about = find('#ask-about', HTMLElement)
  readonly #own = find('#own', HTMLElement)
  readonly #strip: ExamplesStrip
  #found: Matched | undefined
  /** What was asked last, to be asked again with other methods. */
  #last: Question | undefined

  constructor(answer: Answer) {
    this.#answer = answer
    const strip = find('#examples', HTMLElement)
    this.#strip = new ExamplesStrip(strip, (index) => void this.askAbout(index))
    createDropZone(
      this.#own,
      ([file]) => {
        if (file !== undefined) this.#askPicture(file.blob, `Your picture, ${baseName(file.path)}`)
      },
      this.#fail,
    )
    document.addEventListener('paste', ({ clipboardData }) => {
      const [file] = clipboardData?.files ?? []
      if (file !== undefined && !this.#root.hidden) {
        this.#askPicture(file, 'Your picture from the clipboard')
      }
    })
    foldOnPhones(find('#own-fold', HTMLDetailsElement))
  }

  /** Offers examples, and the form for an example of the visitor's own. */
  show(model: ModelFacts, found: Matched, kind: OwnExampleOptions['kind']): void {
    this.#found = found
    this.#strip.show(model, found)
    setText(find('#ask-hint', HTMLElement), describeOffer(found))
    this.#root.hidden = false
    showOwnExample(this.#own, {
      kind,
      fields: found.fields,
      needsValue: found.encoded.labelKind === 'values',
      ask: (question) => void this.#ask(question),
      fail: this.#fail,
    })
  }

  hide(): void {
    this.#found = undefined
    this.#about.replaceChildren()
    this.#root.hidden = true
  }

  /** Forgets what was asked last, about other examples. */
  forget(): void {
    this.#last = undefined
  }

  /** Asks the last question again; without one, about the first example that is offered. */
  async askAgain(): Promise<void> {
    await (this.#last === undefined
      ? this.askAbout(this.#found?.offered[0]?.index ?? 0)
      : this.#ask(this.#last))
  }

  /** Asks about a training example. */
  async askAbout(index: number): Promise<void> {
    if (this.#found === undefined) return
    const label = labelOf(this.#found.encoded, index)
    await this.#ask({
      text: `Training example no. ${index}${label === '' ? '' : `, whose label is ${label}`}`,
      asked: { kind: 'example', index },
    })
  }

  #askPicture(blob: Blob, text: string): void {
    void this.#ask({ text, asked: { kind: 'picture', blob } })
  }

  async #ask(question: Question): Promise<void> {
    this.#about.replaceChildren()
    this.#mark(question)
    try {
      await this.#answer.ask(question)
      this.#last = question
    } catch (error) {
      this.#fail(error)
      this.#mark(this.#answer.question)
    }
  }

  #mark(question: Question | undefined): void {
    this.#strip.mark(question?.asked.kind === 'example' ? question.asked.index : undefined)
  }

  readonly #fail = (error: unknown): void => {
    this.#about.replaceChildren(createFailure(messageOf(error)))
  }
}

/** What the buttons of the offered examples show. */
function describeOffer({ encoded, offered }: Matched): string {
  const some = offered.length < encoded.count ? 'Some training examples' : 'The training examples'
  if (offered.some(({ picture }) => picture !== null)) return `${some}:`
  return encoded.labelKind === 'none' ? `${some}, by number:` : `${some}, by label:`
}

/** On a phone, the answer is nearer than the form. */
function foldOnPhones(form: HTMLDetailsElement): void {
  const wide = matchMedia('(min-width: 960px)')
  const fold = (): void => {
    form.open = wide.matches
  }
  wide.addEventListener('change', fold)
  fold()
}
