import type { NdArray } from 'gradlens'
import type { ExplainPart, GlExplainer } from 'gradlens/elements'
import { setText } from '../dom.js'
import type { Asked, EncodedExample } from './encoders/encoder.js'
import type { Shown } from './export/report.js'
import { createSimilarity } from './explain-proxies.js'
import type { Matched, Session } from './session.js'
import { AskedPicture } from './views/asked-picture.js'

/** What the visitor asks. */
export interface Question {
  /** The example in words, as the title of its answer. */
  readonly text: string
  readonly asked: Asked
  /** The true value, for a model that predicts one. */
  readonly value?: number | undefined
}

export interface AnswerParts {
  /** Contains the rest. It is busy until everything in it belongs to the question in its title. */
  readonly root: HTMLElement
  readonly title: HTMLElement
  readonly explainer: GlExplainer
}

/**
 * The answer in the page, and the question that it belongs to. Of several questions, only the last
 * one counts.
 */
export class Answer {
  readonly #session: Session
  readonly #parts: AnswerParts
  readonly #picture: AskedPicture
  #found: Matched | undefined
  #asking = new AbortController()
  #shown: Question | undefined
  #example: EncodedExample | undefined
  /** The examples that the explainer's parts are being computed for. */
  readonly #computing = new Map<ExplainPart, EncodedExample>()
  /** What the next question waits for: its encoded example, or the explainer, which starts in a microtask. */
  #awaited: 'example' | 'start' | undefined
  #explanations: Shown = {}

  /** @param onDone is called when a part of the answer is shown */
  constructor(session: Session, parts: AnswerParts, onDone: () => void) {
    this.#session = session
    this.#parts = parts
    const { explainer } = parts
    this.#picture = new AskedPicture(explainer)
    explainer.addEventListener('gl-explain-start', ({ detail: { part } }) => {
      if (this.#awaited === 'start') this.#awaited = undefined
      if (this.#example !== undefined) this.#computing.set(part, this.#example)
      this.#showBusy()
    })
    explainer.addEventListener('gl-explain-done', ({ detail: { part, explanation } }) => {
      // The previous question's result may arrive before the explainer starts on this one.
      if (this.#example === undefined || this.#computing.get(part) !== this.#example) return
      if (explanation !== null) this.#explanations[part] = explanation
      this.#end(part)
      onDone()
    })
    for (const name of ['gl-explain-cancel', 'gl-explain-error'] as const) {
      explainer.addEventListener(name, ({ detail: { part } }) => {
        this.#end(part)
      })
    }
  }

  /** The question that is answered. */
  get question(): Question | undefined {
    return this.#shown
  }

  /** The example of the question, as the model takes it. */
  get example(): EncodedExample | undefined {
    return this.#example
  }

  /** The parts of the answer that are complete. */
  get explanations(): Shown {
    return this.#explanations
  }

  /** Hides the answer, and sets the explainers that answer from now on. */
  clear(found: Matched | undefined): void {
    this.#asking.abort()
    this.#awaited = undefined
    this.#found = found
    this.#shown = this.#example = undefined
    this.#explanations = {}
    this.#computing.clear()
    this.#parts.root.hidden = true
    this.#parts.explainer.x = null
  }

  /** Adds the training examples to the answer. */
  compare(): void {
    if (this.#found === undefined) return
    if (this.#example !== undefined) this.#awaited ??= 'start'
    this.#showBusy()
    this.#parts.explainer.similarity = createSimilarity(this.#session, this.#found)
  }

  /**
   * Asks, and shows the answer under the question. Resolves when the explainer has the example, or
   * a newer question replaced this one.
   *
   * @throws FileError if the model can't take the example; the former answer stays
   */
  async ask(question: Question): Promise<void> {
    const found = this.#found
    if (found === undefined) return
    this.#asking.abort()
    this.#asking = new AbortController()
    const { signal } = this.#asking
    this.#awaited = 'example'
    this.#showBusy()
    let example: EncodedExample
    try {
      example = await this.#session.client.call('ask', [question.asked], { signal })
    } catch (error) {
      if (signal.aborted) return
      this.#awaited = undefined
      this.#showBusy()
      throw error
    }
    this.#awaited = 'start'
    this.#shown = question
    this.#example = example
    this.#explanations = {}
    const { root, title, explainer } = this.#parts
    setText(title, question.text)
    this.#picture.show(example.image, question.text)
    Object.assign(explainer, describeExample(question, example, found))
    root.hidden = false
  }

  #end(part: ExplainPart): void {
    this.#computing.delete(part)
    this.#showBusy()
  }

  #showBusy(): void {
    const isBusy = this.#awaited !== undefined || this.#computing.size > 0
    this.#parts.root.setAttribute('aria-busy', String(isBusy))
  }
}

/** The properties of the explainer that belong to one example. */
function describeExample(
  { asked, value }: Question,
  { x, image, cells, tokens }: EncodedExample,
  { encoded }: Matched,
): Partial<GlExplainer> {
  const given = asked.kind === 'example' ? encoded.labels?.data[asked.index] : value
  const truth = given === undefined || Number.isNaN(given) ? null : given
  const isValue = encoded.labelKind === 'values'
  const y: NdArray | undefined =
    isValue && truth !== null ? { data: Float32Array.of(truth), shape: [1, 1] } : undefined
  return {
    x,
    y,
    truth,
    image: image ?? null,
    values: cells ?? null,
    tokens: tokens ?? null,
  }
}
