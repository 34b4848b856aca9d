import type { NdArray } from 'gradlens'
import { type GlExplainer, GlSimilarExamples, Job, type JobOptions } from 'gradlens/elements'
import type { RemoteSimilarity } from 'gradlens/worker'
import { countMarked, listedCount } from '../../data/suspects.js'
import { find } from '../../dom.js'
import { createJobView } from '../../views/job-view.js'
import type { ShownExamples } from '../encoders/encoder.js'
import { groupShown } from '../explain-proxies.js'
import type { Matched, Session } from '../session.js'

type Suspects = Awaited<ReturnType<RemoteSimilarity['rankSuspectLabels']>>

interface Ranked {
  readonly suspects: Suspects
  /** The first of them as they are shown, for one explained example. */
  readonly shown: unknown
}

/** Ranks the labels of the training examples by how suspect they are, when the visitor asks for it. */
export class LabelsToCheck {
  readonly #session: Session
  readonly #explainer: GlExplainer
  readonly #section = find('#suspects', HTMLElement)
  readonly #button = find('#rank-labels', HTMLButtonElement)
  readonly #list = find('#suspect-list', GlSimilarExamples)
  readonly #job: Job<Ranked>
  #found: Matched | undefined

  /** @param ask explains a training example */
  constructor(session: Session, explainer: GlExplainer, ask: (index: number) => void) {
    this.#session = session
    this.#explainer = explainer
    const progress = find('#suspects-job', HTMLElement)
    const showState = createJobView('suspects-job', {
      doing: 'Comparing all training examples',
      unit: 'training examples',
      cancel: () => {
        this.#job.cancel()
      },
      retry: () => {
        this.#rank()
      },
    })
    this.#job = new Job<Ranked>((state) => {
      showState(state)
      const { status } = state
      progress.hidden = status === 'idle' || status === 'done'
      this.#button.hidden = status !== 'idle'
      this.#list.hidden = status !== 'done'
      if (state.status === 'done') this.#show(state.value)
    })
    this.#button.addEventListener('click', () => {
      this.#rank()
    })
    this.#list.addEventListener('gl-example-select', ({ detail }) => {
      ask(detail.index)
    })
    // The ranking takes the gradients of the training examples, which are there from then on.
    explainer.addEventListener('gl-explain-done', ({ detail: { part, explanation } }) => {
      const isRanked = part === 'similarity' && explanation !== null
      if (isRanked && this.#found?.encoded.labelKind === 'classes') this.#section.hidden = false
    })
  }

  /** The next ranking is of these training examples; undefined: there are none. */
  follow(found: Matched | undefined): void {
    this.#found = found
    this.#section.hidden = true
    this.#explainer.trainSuspects = null
    this.#job.reset()
  }

  #rank(): void {
    const found = this.#found
    if (found !== undefined) void this.#job.run((call) => this.#compute(found, call))
  }

  async #compute({ similarity, explainers }: Matched, call: JobOptions): Promise<Ranked> {
    const [xTrain, yTrain] = [explainers.value('xTrain'), explainers.value('yTrain')]
    const suspects = await similarity.rankSuspectLabels(xTrain, yTrain, call)
    const first = Array.from(suspects.orderedIndices.data.subarray(0, listedCount))
    const { client } = this.#session
    const { signal } = call
    const shown = await client.call('show', [first], { signal })
    return { suspects, shown: groupShown(shown ?? (await this.#readArrays(first, signal))) }
  }

  /** Training examples as the model takes them. */
  async #readArrays(indices: readonly number[], signal: AbortSignal): Promise<ShownExamples> {
    const { client } = this.#session
    const arrays: NdArray[] = []
    for (const index of indices) {
      const { x } = await client.call('ask', [{ kind: 'example', index }], { signal })
      arrays.push(x)
    }
    const data = Float32Array.from(arrays.flatMap((x) => Array.from(x.data)))
    return { data, shape: [arrays.length, ...(arrays[0]?.shape.slice(1) ?? [])] }
  }

  #show({ suspects: { meta, data }, shown }: Ranked): void {
    const { kind, labels, features, trainLabels } = this.#explainer
    Object.assign(this.#list, { kind, labels, features, trainLabels, count: listedCount })
    this.#list.explanation = { meta, data: { ...data, mostSimilar: shown } }
    const order = data.orderedIndices.data
    this.#explainer.trainSuspects = order.subarray(0, countMarked(order.length))
  }
}
