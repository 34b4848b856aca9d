import type { NdArray } from 'gradlens'
import { GlExplainer, Job } from 'gradlens/elements'
import { find, setText } from './dom.js'
import { Consequences } from './explaining/consequences.js'
import { dataSets } from './explaining/data-sets.js'
import { ExplainingWorker } from './explaining/explaining-worker.js'
import { sliceExamples } from './explaining/label-arrays.js'
import { PageAttribution } from './explaining/page-attribution.js'
import { PageModel } from './explaining/page-model.js'
import { PageInfluence } from './explaining/page-influence.js'
import type { PageOptions } from './explaining/page-options.js'
import { PageSimilarity, type Fit } from './explaining/page-similarity.js'
import type { Question, References } from './explaining/question.js'
import { startWorker as startUsualWorker } from './explaining/start-worker.js'
import { keepOffline } from './offline/keep-offline.js'
import { PageAddress } from './page-address.js'
import { defaultSettings, deviceChoices, type Settings } from './settings.js'
import { describeDelta, describeStore } from './text/facts.js'
import type { ModelLoader } from './views/model-loader.js'
import { createControls } from './views/controls.js'
import { createJobView } from './views/job-view.js'
import { createSuspects, type SuspectsView } from './views/suspects.js'

/** A page of the demo: an example, and `<gl-explainer>` with the explainers of the page's model. */
export class ExplainedPage<Data> {
  readonly explainer: GlExplainer = find('gl-explainer', GlExplainer)
  readonly #options: PageOptions<Data>
  readonly #address: PageAddress
  readonly #folder: string
  readonly #worker: ExplainingWorker
  #data: Data | undefined
  #references: References | undefined
  #question: Question | undefined
  #model: PageModel | undefined
  #attribution: PageAttribution | undefined
  #similarity: PageSimilarity | undefined
  #influence: PageInfluence | undefined
  #suspects: SuspectsView | undefined
  #fit: Fit | undefined
  readonly #consequences: Consequences | undefined
  readonly #referenceNoun: { readonly one: string; readonly many: string }
  readonly #loader: ModelLoader | undefined
  #isLoaded: boolean

  constructor(options: PageOptions<Data>) {
    this.#options = options
    const { dataSet, noun, references } = options
    const form = {
      example: noun.one,
      defaults: { ...defaultSettings, references, ...options.defaults },
      devices: options.devices ?? deviceChoices,
    }
    this.#referenceNoun = options.referenceNoun ?? {
      one: `training ${noun.one}`,
      many: `training ${noun.many}`,
    }
    this.explainer.nouns = [this.#referenceNoun.one, this.#referenceNoun.many]
    this.#address = new PageAddress(form)
    this.#folder = new URL(`${dataSet}/`, document.baseURI).href
    const { startWorker = startUsualWorker } = options
    this.#worker = new ExplainingWorker(() =>
      startWorker({ folder: this.#folder, device: this.#settings.device }),
    )
    this.#loader = options.createLoader?.({
      worker: this.#worker,
      device: this.#settings.device,
      loaded: () => {
        this.#isLoaded = true
        this.#ask(this.#question)
      },
    })
    this.#isLoaded = this.#loader === undefined
    // The worker loads the model while the page loads its data.
    if (this.#isLoaded) this.#worker.start()
    const { undoneRate } = dataSets[dataSet]
    if (undoneRate !== undefined) {
      this.#consequences = new Consequences({
        noun,
        undoneRate,
        parts: options.parts,
        unit: options.unit,
        name: (label) => this.explainer.labels[label] ?? String(label),
      })
    }
    this.explainer.addEventListener('gl-explain-done', ({ detail: { part, explanation } }) => {
      if (explanation === null) return
      if (part === 'attribution') {
        setText(element('attribution-delta'), describeDelta(explanation, options.delta))
        this.#consequences?.attributed(explanation)
      } else {
        this.#consequences?.ranked(explanation)
        options.ranked?.(explanation)
      }
    })
    this.explainer.addEventListener('gl-example-focus', ({ detail }) => {
      this.#consequences?.compare(detail.index)
    })
    const { hasStore = false } = dataSets[dataSet]
    const { referenceCounts } = options
    const choices = { ...form, referenceCounts, hasStore }
    createControls(this.#settings, choices, (change) => {
      this.#change(change)
    })

    const showDataJob = createJobView('data-job', {
      doing: `Loading the ${noun.many}`,
      retry: () => void load(),
    })
    const dataJob = new Job<Data>((state) => {
      showDataJob(state)
      element('data-job').hidden = state.status === 'done'
    })
    const load = async (): Promise<void> => {
      const data = await dataJob.run(({ signal }) => options.load(this.#folder, signal))
      if (data !== undefined) this.#showData(data)
    }
    // Without data, they only take their places on the page.
    this.#startModel()
    this.#startAttribution()
    this.#startSimilarity()
    this.#setSimFn()
    void load()
    keepOffline(this.#folder)
  }

  get #settings(): Settings {
    return this.#address.settings
  }

  /** Explains a held-out example. */
  pick(index: number): void {
    if (this.#data === undefined) return
    this.#address.pick(index)
    this.#ask(this.#options.pick(this.#data, index))
  }

  /** Explains a training example. */
  askTraining(index: number): void {
    const { pickTraining } = this.#options
    if (this.#data === undefined || pickTraining === undefined) return
    this.#address.pick(undefined)
    this.#ask(pickTraining(this.#data, index))
  }

  /** Explains an example that the user made; undefined clears the question. */
  ask(input: NdArray | undefined): void {
    this.#address.pick(undefined)
    this.#ask(input === undefined ? undefined : { input, truth: undefined })
  }

  #ask(question: Question | undefined): void {
    const { explainer } = this
    this.#question = question
    this.#showConsequences()
    explainer.x = this.#isLoaded ? (question?.input ?? null) : null
    explainer.explainedIndex = question?.ownReference ?? null
    explainer.truth = question?.truth ?? null
    if (dataSets[this.#options.dataSet].task === 'regression') {
      explainer.y = question === undefined ? null : toValue(question.truth ?? NaN)
    }
  }

  #change(change: Partial<Settings>): void {
    this.#address.change(change)
    if ('device' in change) {
      if (this.#loader !== undefined) this.#loadAgain(this.#loader)
      this.#startModel()
    }
    if ('device' in change || 'method' in change || 'steps' in change) this.#startAttribution()
    if ('device' in change || 'references' in change || 'gradients' in change) {
      this.#startSimilarity()
    }
    if ('simFn' in change) this.#setSimFn()
    this.#showConsequences()
  }

  /** Loads the model for another device, if it was asked for. */
  #loadAgain(loader: ModelLoader): void {
    this.#isLoaded = false
    this.#ask(this.#question)
    this.#worker.stop()
    loader.reset(this.#settings.device)
  }

  #showData(data: Data): void {
    this.#data = data
    this.#references = this.#options.listReferences(data)
    const { heldOutCount, first } = this.#options.ready(data)
    this.#startAttribution()
    this.#giveReferences()
    this.#showSuspects(data)
    this.pick(this.#address.readPicked(heldOutCount) ?? first)
  }

  #showSuspects(data: Data): void {
    const { explainer } = this
    const { references, showReferences } = this.#options
    const suspects = this.#options.suspects?.(data)
    if (suspects === undefined) return
    this.#suspects = createSuspects({
      suspects,
      explainer,
      showReferences: (element) => {
        showReferences(element, data, references)
      },
      ask: (index) => {
        this.askTraining(index)
        explainer.scrollIntoView()
      },
    })
  }

  #startModel(): void {
    this.#model?.dispose()
    const { dataSet } = this.#options
    const model = new PageModel(this.#worker, dataSets[dataSet], this.#settings.device)
    this.#model = model
    this.explainer.predict = async (x, options) => {
      const question = this.#question
      const outputs = await model.predict(x, options)
      if (question !== undefined && question.input === x) {
        this.#options.answered?.(outputs.data, question)
      }
      return outputs
    }
  }

  #startAttribution(): void {
    const { dataSet, baseline, attribution = (explanation) => explanation } = this.#options
    this.#attribution?.dispose()
    this.#attribution = new PageAttribution(
      this.#worker,
      dataSets[dataSet],
      this.#settings,
      attribution,
    )
    this.explainer.attribution = this.#attribution
    if (this.#data !== undefined && baseline !== undefined) {
      this.explainer.attributionOptions = { baselines: baseline(this.#data) }
    }
  }

  #startSimilarity(): void {
    const { dataSet, references: all } = this.#options
    const { references: count, gradients } = this.#settings
    if (this.#model === undefined) return
    this.#similarity?.dispose()
    this.#similarity = new PageSimilarity(this.#worker, {
      dataSet: dataSets[dataSet],
      folder: this.#folder,
      settings: this.#settings,
      model: this.#model,
      isStored: gradients === 'stored' && dataSets[dataSet].hasStore === true && count === all,
      onFit: (fit) => {
        this.#showFit(fit)
      },
    })
    this.explainer.similarity = this.#similarity
    this.#influence?.dispose()
    this.#influence = new PageInfluence(this.#worker, dataSets[dataSet], this.#settings)
    this.#listRankings()
    this.#giveReferences()
  }

  /** The rankings that are compared: computed once they are shown. */
  #listRankings(): void {
    const [similarity, influence] = [this.#similarity, this.#influence]
    if (similarity === undefined || influence === undefined) return
    if (this.#options.areTraining === false) return
    const { simFn } = this.#settings
    const { hasCurvature = false } = dataSets[this.#options.dataSet]
    this.explainer.rankings = [
      { title: 'Similarity', explainer: similarity, options: { simFn } },
      ...(hasCurvature ? [{ title: 'Influence', explainer: influence }] : []),
      { title: 'Self-influence', explainer: similarity, method: 'selfInfluence' },
    ]
  }

  #giveReferences(): void {
    if (this.#data === undefined || this.#references === undefined) return
    const { x, y } = this.#references
    const { references: count } = this.#settings
    this.explainer.xTrain = sliceExamples(x, 0, count)
    this.explainer.yTrain = y === null ? null : sliceExamples(y, 0, count)
    this.#options.showReferences(this.explainer, this.#data, count)
  }

  /** Lets the consequences follow the question and the explainers. */
  #showConsequences(): void {
    const [question, references] = [this.#question, this.#references]
    const [model, attribution, similarity] = [this.#model, this.#attribution, this.#similarity]
    if (references === undefined || model === undefined) return
    if (attribution === undefined || similarity === undefined) return
    this.#consequences?.follow({ question, references, model, attribution, similarity })
  }

  #setSimFn(): void {
    const { simFn } = this.#settings
    this.explainer.similarityOptions = { simFn }
    this.#listRankings()
    if (this.#fit !== undefined) this.#showStore(this.#fit)
  }

  #showFit(fit: Fit): void {
    this.#fit = fit
    const { predictions } = this.#options
    this.explainer.trainPredictions = predictions?.(fit.predictions) ?? fit.predictions
    this.#suspects?.showPredictions(this.explainer.trainPredictions)
    this.#showStore(fit)
    this.#options.fitted?.(fit.predictions)
  }

  #showStore(fit: Fit): void {
    const { simFn } = this.#settings
    setText(element('store-report'), describeStore(fit, simFn, this.#referenceNoun.many))
  }
}

const toValue = (value: number): NdArray => ({ data: Float32Array.of(value), shape: [1, 1] })

function element(id: string): HTMLElement {
  return find(`#${id}`, HTMLElement)
}
