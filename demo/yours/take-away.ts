import type { NdArray } from 'gradlens'
import type { GlExplainer } from 'gradlens/elements'
import { create, find } from '../dom.js'
import type { Answer } from './answer.js'
import {
  canKeep,
  deleteSession,
  keepSession,
  listSessions,
  type KeptSession,
} from './keep/kept-sessions.js'
import { attributionSteps, type Matched, type Session } from './session.js'
import { countOf } from './views/about.js'
import { showKept } from './views/kept-list.js'
import { createFailure, messageOf } from './views/failure.js'

/** What of the page is saved or kept. */
export interface PageState {
  readonly session: Session
  readonly explainer: GlExplainer
  readonly answer: Answer
  readonly matched: Matched | undefined
  match(): Promise<void>
  open(kept: KeptSession): void
}

/** The part of the page that saves reports and code, and keeps sessions in the browser. */
export class TakeAway {
  readonly #page: PageState
  readonly #about = find('#take-about', HTMLElement)
  readonly #keep = find('#keep', HTMLInputElement)

  constructor(page: PageState) {
    this.#page = page
    find('#keep-choice', HTMLElement).hidden = !canKeep()
    this.#keep.addEventListener('change', () => {
      this.#try(() => this.#changeKept(this.#keep.checked))
    })
    find('#save-report', HTMLButtonElement).addEventListener('click', () => {
      this.#try(() => this.#saveReport())
    })
    find('#save-code', HTMLButtonElement).addEventListener('click', () => {
      this.#try(() => this.#saveCode())
    })
    this.#try(() => this.#refresh())
  }

  /** Shows whether the session is kept. */
  update(): void {
    this.#keep.checked = this.#page.session.keptAs !== null
  }

  /** Runs an action, and says why if it fails. */
  #try(act: () => Promise<void>): void {
    this.#about.replaceChildren()
    act().catch((error: unknown) => {
      this.#about.replaceChildren(createFailure(messageOf(error)))
      this.update()
    })
  }

  async #saveReport(): Promise<void> {
    const { session, explainer, answer } = this.#page
    const { createReport } = await import('./export/report.js')
    const title = `${session.model?.name ?? ''}: ${answer.question?.text ?? ''}`
    saveFile('explanation.html', await createReport(title, answer.explanations, explainer))
  }

  async #saveCode(): Promise<void> {
    const { session, explainer, answer, matched: found } = this.#page
    const { example } = answer
    if (found === undefined || example === undefined) return
    const { choices, baseline } = found
    const y = explainer.y as NdArray | undefined
    const zip = await session.client.call('exportProject', [
      {
        title: session.model?.name ?? 'My model',
        output: choices.output,
        loss: found.loss,
        simFn: choices.simFn,
        task: found.encoded.labelKind === 'values' ? 'regression' : 'classification',
        method: choices.method,
        layer: choices.layer,
        steps: attributionSteps,
        kind: explainer.kind,
        labels: explainer.labels,
        features: explainer.features,
        x: example.x,
        y: y ?? null,
        baseline,
      },
      choices.parameters,
    ])
    saveFile('explanation.zip', zip)
  }

  /** Keeps what is explained, or deletes it again. The gradients are computed into a store then. */
  async #changeKept(isKept: boolean): Promise<void> {
    const { session } = this.#page
    const { choices, keptAs, model, data } = session
    if (choices === undefined || model === undefined || data === undefined) return
    if (isKept) {
      const id = crypto.randomUUID()
      const title = `${model.name} with ${countOf(data.count, 'example')}`
      await keepSession(id, { title, choices }, session.files)
      session.keptAs = id
    } else if (keptAs !== null) {
      session.keptAs = null
      // The worker must have let go of the store.
      await this.#page.match()
      await deleteSession(keptAs)
      await this.#refresh()
      return
    }
    await this.#refresh()
    await this.#page.match()
  }

  async #delete({ id }: KeptSession): Promise<void> {
    const { session } = this.#page
    if (session.keptAs === id) {
      await this.#changeKept(false)
      return
    }
    await deleteSession(id)
    await this.#refresh()
  }

  async #refresh(): Promise<void> {
    showKept(find('#kept', HTMLElement), await listSessions(), {
      open: (kept) => {
        this.#page.open(kept)
      },
      remove: (kept) => {
        this.#try(() => this.#delete(kept))
      },
    })
  }
}

/** Has the browser save a file. */
function saveFile(name: string, blob: Blob): void {
  const link = create('a', '')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 60_000)
}
