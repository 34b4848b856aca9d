import type { NdArray } from 'gradlens'
import { formatCount, Job } from 'gradlens/elements'
import { find, setText } from './dom.js'
import type { References } from './explaining/ranking.js'
import type {
  Attribution,
  DataSetName,
  ExplanationParts,
  Similarity,
} from './explaining/results.js'
import { keepOffline } from './offline/keep-offline.js'
import { Session, type Answer, type Question, type Ranking } from './session.js'
import { readAddress, writeAddress, type AddressForm } from './settings.js'
import { createControls } from './views/controls.js'
import { createJobView } from './views/job-view.js'
import { createQuadratureTable } from './views/quadrature-table.js'
import {
  showAttributionReport,
  showDevice,
  showMemory,
  showRankingReport,
} from './views/run-report.js'

/** The properties of an element of gradlens/elements that every page sets. */
export interface ExplanationElement extends HTMLElement {
  explanation: unknown
  loading: boolean
}

export interface PageOptions<Data> {
  readonly dataSet: DataSetName
  /** The name of the page's examples: 'digit' and 'digits', for example. */
  readonly noun: { readonly one: string; readonly many: string }
  /** The number of training examples, and the smaller numbers that are offered. */
  readonly references: number
  readonly referenceCounts: readonly number[]
  /** Whether their gradients are stored with the page. */
  readonly hasStore?: boolean
  /** Whether the true value is explained, as in a regression. */
  readonly explainsTruth?: boolean
  /** The elements that show the prediction, its attribution and the training examples. */
  readonly elements: {
    readonly answer: readonly ExplanationElement[]
    readonly attribution: ExplanationElement
    readonly similar: ExplanationElement
    readonly similarities: readonly ExplanationElement[]
  }
  readonly load: (folder: string, signal: AbortSignal) => Promise<Data>
  /** The training examples to rank. */
  readonly listReferences: (data: Data) => References
  /** The start of the attributed paths. Default: zeros. */
  readonly baseline?: (data: Data) => NdArray
  /**
   * Called when the data is loaded. Returns the number of held-out examples, and the first one to
   * show.
   */
  readonly ready: (data: Data) => { readonly heldOutCount: number; readonly first: number }
  /** Shows a held-out example and returns it as the question. */
  readonly pick: (data: Data, index: number) => Question
  readonly answer: (answer: Answer) => void
  readonly target?: (target: number | undefined) => void
  /** Sets the elements' properties for a ranking, before its explanation is set. */
  readonly ranking?: (ranking: Ranking, data: Data) => void
  /** Converts the explanation of the attribution before it is shown. */
  readonly attribution?: (attribution: Attribution) => ExplanationParts
  /** The text under the attribution: its sum. */
  readonly deltaText: (attribution: Attribution) => string
}

/**
 * A page of the demo: an example, the prediction, its attribution, and the training examples behind
 * it.
 */
export class ExplainedPage<Data> {
  readonly #options: PageOptions<Data>
  readonly #form: AddressForm
  readonly #session: Session
  readonly #problems: string[]
  readonly #asked: number | undefined
  #data: Data | undefined
  #references: References | undefined
  #picked: number | undefined

  constructor(options: PageOptions<Data>) {
    this.#options = options
    const { dataSet, noun, references, elements } = options
    this.#form = { example: noun.one, references }
    const address = readAddress(new URLSearchParams(location.search), this.#form)
    this.#problems = [...address.problems]
    this.#asked = address.picked
    const folder = new URL(`${dataSet}/`, document.baseURI).href
    const { answer, attribution, similar, similarities } = elements
    const similarityReport = element('report-similarity')
    const attributionReport = element('report-attribution')
    const quadratures = createQuadratureTable(element('quadratures'))

    const showAnswerJob = createJobView('answer-job', {
      doing: 'Starting the model',
      retry: () => void this.#session.answer(),
      results: [element('answer')],
    })
    const showAttributionJob = createJobView('attribution-job', {
      doing: 'Computing the attribution',
      unit: 'points',
      cancel: () => {
        this.#session.cancelAttribution()
      },
      retry: () => void this.#session.attribute(),
      results: [attribution, element('attribution-delta'), attributionReport],
    })
    const showRankingJob = createJobView('similarity-job', {
      doing: `Comparing the training ${noun.many}`,
      unit: noun.many,
      cancel: () => {
        this.#session.cancelRanking()
      },
      retry: () => void this.#session.rank(),
      results: [similar, similarityReport],
    })
    const showQuadraturesJob = createJobView('quadratures-job', {
      doing: 'Computing the attribution by each quadrature',
      unit: 'quadratures',
      retry: () => void this.#session.compareQuadratures(),
      results: [element('quadratures')],
    })
    const showSimilaritiesJob = createJobView('similarities-job', {
      doing: 'Ranking by each similarity',
      retry: () => void this.#session.compareSimilarities(),
      results: [...similarities],
    })

    const sessionOptions = {
      dataSet,
      folder,
      settings: address.settings,
      explainsTruth: options.explainsTruth ?? false,
      getReferences: () => (this.#references ??= options.listReferences(this.#loaded)),
      getBaseline: () => options.baseline?.(this.#loaded),
    }
    this.#session = new Session(sessionOptions, {
      answer: (state) => {
        showAnswerJob(state)
        for (const each of answer) each.loading = state.status === 'busy'
        if (state.status !== 'done') return
        showDevice(element('report-device'), state.value.prediction)
        showMemory(element('report-memory'), state.value.prediction)
        options.answer(state.value)
      },
      target: (target) => options.target?.(target),
      attribution: (state) => {
        showAttributionJob(state)
        attribution.loading = state.status === 'busy'
        if (state.status !== 'done') return
        attribution.explanation = options.attribution?.(state.value) ?? state.value.explanation
        setText(element('attribution-delta'), options.deltaText(state.value))
        showAttributionReport(attributionReport, state.value)
      },
      ranking: (state) => {
        showRankingJob(state)
        similar.loading = state.status === 'busy'
        if (state.status !== 'done' || this.#data === undefined) return
        options.ranking?.(state.value, this.#data)
        similar.explanation = state.value.similarity.explanation
        showRankingReport(similarityReport, state.value, noun.many)
      },
      quadratures: (state) => {
        showQuadraturesJob(state)
        if (state.status === 'done') quadratures.show(state.value)
      },
      similarities: (state) => {
        showSimilaritiesJob(state)
        for (const each of similarities) each.loading = state.status === 'busy'
        if (state.status === 'done') showSimilarities(similarities, state.value)
      },
    })

    createControls(address.settings, { ...options, total: references }, (change) => {
      this.#session.change(change)
      this.#keepAddress()
    })
    openWith('quadratures-fold', (isOpen) => {
      this.#session.wantQuadratures(isOpen)
    })
    openWith('similarities-fold', (isOpen) => {
      this.#session.wantSimilarities(isOpen)
    })

    const showDataJob = createJobView('data-job', {
      doing: `Loading the ${noun.many}`,
      retry: () => void load(),
      results: [],
    })
    const dataJob = new Job<Data>((state) => {
      showDataJob(state)
      element('data-job').hidden = state.status === 'done'
    })
    const load = async (): Promise<void> => {
      const data = await dataJob.run(({ signal }) => options.load(folder, signal))
      if (data !== undefined) this.#showData(data)
    }
    this.#showProblems()
    void load()
    keepOffline()
  }

  /** Explains a held-out example. */
  pick(index: number): void {
    if (this.#data === undefined) return
    this.#picked = index
    const question = this.#options.pick(this.#data, index)
    this.#keepAddress()
    this.#session.ask(question)
  }

  /** Explains an example that the user made; undefined clears the question. */
  ask(input: NdArray | undefined): void {
    this.#picked = undefined
    this.#keepAddress()
    this.#session.ask(input === undefined ? undefined : { input, truth: undefined })
  }

  /** Explains this class instead of the predicted one. */
  choose(target: number): void {
    this.#session.choose(target)
  }

  /** The page's data, without which nothing is asked. */
  get #loaded(): Data {
    if (this.#data === undefined) throw new Error('The data is not loaded yet.')
    return this.#data
  }

  #showData(data: Data): void {
    this.#data = data
    const { heldOutCount, first } = this.#options.ready(data)
    const asked = this.#asked
    const isThere = asked !== undefined && asked < heldOutCount
    if (asked !== undefined && !isThere) {
      const { one, many } = this.#options.noun
      this.#problems.push(
        `${one}=${asked} in the address is out of range: use 0 to ${formatCount(heldOutCount - 1)}, the held-out ${many}.`,
      )
      this.#showProblems()
    }
    this.pick(isThere ? asked : first)
  }

  /** Keeps the address in step with the page, so that it leads back to it. */
  #keepAddress(): void {
    const query = writeAddress(this.#session.settings, this.#picked, this.#form)
    history.replaceState(null, '', location.pathname + query)
  }

  #showProblems(): void {
    const notice = element('address-notice')
    notice.hidden = this.#problems.length === 0
    setText(notice, this.#problems.join(' '))
  }
}

function showSimilarities(
  elements: readonly ExplanationElement[],
  similarities: readonly Similarity[],
): void {
  similarities.forEach(({ explanation }, i) => {
    const shown = elements[i]
    if (shown !== undefined) shown.explanation = explanation
  })
}

function openWith(id: string, show: (isOpen: boolean) => void): void {
  const fold = find(`#${id}`, HTMLDetailsElement)
  fold.addEventListener('toggle', () => {
    show(fold.open)
  })
}

function element(id: string): HTMLElement {
  return find(`#${id}`, HTMLElement)
}
