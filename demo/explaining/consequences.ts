import type { NdArray } from 'gradlens'
import { Job } from 'gradlens/elements'
import { find, setText } from '../dom.js'
import { describeProbabilityWithout, describeValueWithout } from '../text/what-if.js'
import { showComparison, type Comparison } from '../views/comparison.js'
import { findGreatest, sliceExamples } from './label-arrays.js'
import type { PageAttribution } from './page-attribution.js'
import type { PageModel } from './page-model.js'
import type { PageSimilarity } from './page-similarity.js'
import type { Question, References } from './question.js'
import { findSharedEvidence } from './shared-evidence.js'
import { estimateLossChange, estimateMeanLossChange } from './what-if.js'

/** How many of the most similar examples are unlearned: those that are shown. */
const undoneCount = 5

interface Parts {
  readonly question: Question | undefined
  readonly references: References
  readonly model: PageModel
  readonly attribution: PageAttribution
  readonly similarity: PageSimilarity
}

interface ConsequencesOptions {
  readonly noun: { readonly one: string; readonly many: string }
  /** The learning rate of the steps that are undone. */
  readonly undoneRate: number
  /** What is compared of images; undefined: nothing. */
  readonly parts: string | undefined
  /** The unit of a regression; undefined for classes. */
  readonly unit: string | undefined
  readonly name: (label: number) => string
}

/** The attribution of the question that is shown. */
interface Shown {
  readonly values: ArrayLike<number>
  readonly target: number
}

/**
 * What follows from the similar examples: what each shares with the question, and what the model would
 * say if it had not learned from them.
 */
export class Consequences {
  readonly #options: ConsequencesOptions
  readonly #comparing = new Job<Comparison>((state) => {
    const { parts, noun } = this.#options
    if (state.status === 'done' && parts !== undefined) {
      showComparison(state.value, { parts, one: noun.one })
    }
  })
  readonly #unlearning = new Job<string>((state) => {
    const text = find('#what-if', HTMLElement)
    if (state.status === 'done') setText(text, state.value)
    text.toggleAttribute('data-stale', state.status !== 'done')
  })
  #parts: Parts | undefined
  #shown: Shown | undefined
  #nearest: readonly number[] = []
  #compared: number | undefined

  constructor(options: ConsequencesOptions) {
    this.#options = options
  }

  /** The next results belong to these. */
  follow(parts: Parts): void {
    this.#parts = parts
    this.#shown = undefined
    this.#nearest = []
    this.#compared = undefined
    this.#comparing.interrupt()
    this.#unlearning.interrupt()
  }

  /** The question was attributed. */
  attributed({ data }: { readonly data: object }): void {
    const { attributions, target } = data as {
      readonly attributions: readonly NdArray[]
      readonly target: readonly number[] | NdArray | null
    }
    const targets = target !== null && 'data' in target ? target.data : target
    this.#shown = { values: attributions[0]?.data ?? [], target: targets?.[0] ?? 0 }
    const index = this.#compared ?? this.#nearest[0]
    if (index !== undefined) this.compare(index)
  }

  /** The training examples were ranked for the question. */
  ranked({ data }: { readonly data: object }): void {
    const { orderedIndices } = data as { readonly orderedIndices: NdArray }
    this.#nearest = Array.from(orderedIndices.data.subarray(0, undoneCount))
    const [first] = this.#nearest
    if (first !== undefined) this.compare(first)
    void this.#unlearning.run(async (call) => this.#unlearn(call.signal))
  }

  /** Shows what a training example shares with the question. */
  compare(index: number): void {
    this.#compared = index
    const [parts, shown] = [this.#parts, this.#shown]
    const question = parts?.question
    if (this.#options.parts === undefined || question === undefined) return
    if (parts === undefined || shown === undefined) return
    const { attribution, references } = parts
    void this.#comparing.run(async ({ signal }) => {
      const example = sliceExamples(references.x, index, index + 1)
      const { data } = await attribution.explain(example, { target: shown.target, signal })
      const { attributions } = data as { readonly attributions: readonly NdArray[] }
      return {
        question: question.input.data,
        example: example.data,
        index,
        name: this.#options.name(shown.target),
        evidence: findSharedEvidence(shown.values, attributions[0]?.data ?? []),
      }
    })
  }

  async #unlearn(signal: AbortSignal): Promise<string> {
    const { unit, noun, name, undoneRate: rate } = this.#options
    const { question, model, similarity } = this.#parts!
    const { input, truth = NaN } = question!
    const isRegression = unit !== undefined
    const y = isRegression ? { data: Float32Array.of(truth), shape: [1, 1] } : undefined
    const call = { signal, onProgress: () => undefined, simFn: 'grad_dot' as const }
    const [{ data: outputs }, { data }] = await Promise.all([
      model.predict(input, { signal }),
      similarity.explain(input, y, call),
    ])
    const products = { scores: data.scores.data, indices: data.orderedIndices.data }
    const undone = new Set(this.#nearest)
    const whatIf = {
      count: undone.size,
      rate,
      lossChange: estimateLossChange(products, undone, rate),
      meanLossChange: estimateMeanLossChange(products, undone.size, rate),
      noun,
    }
    if (isRegression) {
      return describeValueWithout(whatIf, { value: outputs[0] ?? NaN, truth, unit })
    }
    const label = findGreatest(outputs)
    const probability = outputs[label] ?? NaN
    return describeProbabilityWithout(whatIf, { name: name(label), probability })
  }
}
