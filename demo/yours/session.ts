import type { LossName, NdArray, SimilarityEstimate } from 'gradlens'
import type { RemoteExplainers } from 'gradlens/worker'
import type { Choices } from './choices.js'
import type { FormField } from './data/encode-table.js'
import type { EncodingPlan } from './encoders/encoder.js'
import type { NamedFile } from './files/named-file.js'
import { nameStore } from './keep/kept-sessions.js'
import type { ModelFacts } from './models/model-facts.js'
import type { DataFacts } from './workshop/data-facts.js'
import type { ParameterGroup } from './workshop/parameter-groups.js'
import { spreadIndices } from './workshop/spread.js'
import type { EncodedFacts } from './workshop/workshop.js'
import { WorkshopClient } from './workshop/workshop-client.js'

export interface JobCall {
  readonly signal: AbortSignal
  readonly onProgress: (progress: { phase: 'fit'; done: number; total: number }) => void
}

/** A training example that the page offers, with its picture if it has one. */
export interface OfferedExample {
  readonly index: number
  readonly picture: Blob | null
}

/** A model with examples that fit it, and everything that the page shows of the two. */
export interface Matched {
  readonly choices: Choices
  readonly encoded: EncodedFacts
  /** The layers whose gradients can be compared. */
  readonly groups: readonly ParameterGroup[]
  readonly offered: readonly OfferedExample[]
  /** The fields of a form for an own example; empty if forms don't fit. */
  readonly fields: readonly FormField[]
  /** Where attributions start; null for zeros, and for methods without a baseline. */
  readonly baseline: NdArray | null
  readonly explainers: RemoteExplainers
  readonly similarity: ReturnType<RemoteExplainers['gradientSimilarity']>
  readonly loss: LossName
  readonly estimate: SimilarityEstimate
}

const simFnDefault = 'grad_cos'
const offeredCount = 12
export const attributionSteps = 32

/** The model, the examples and the choices of the page, and the worker that has them. */
export class Session {
  #client = new WorkshopClient()
  #modelFiles: readonly NamedFile[] = []
  #dataFiles: readonly NamedFile[] = []
  #explainers: RemoteExplainers | undefined
  model: ModelFacts | undefined
  data: DataFacts | undefined
  choices: Choices | undefined
  /** The id of the kept session; null if nothing is kept. */
  keptAs: string | null = null

  get client(): WorkshopClient {
    return this.#client
  }

  get files(): { readonly model: readonly NamedFile[]; readonly data: readonly NamedFile[] } {
    return { model: this.#modelFiles, data: this.#dataFiles }
  }

  /** Opens a model in a worker of its own. The examples are read again there. */
  async openModel(files: readonly NamedFile[], { signal }: JobCall): Promise<ModelFacts> {
    const client = new WorkshopClient()
    try {
      const facts = await client.call('openModel', [files], { signal })
      if (this.#dataFiles.length > 0) await client.call('readData', [this.#dataFiles], { signal })
      this.#client.dispose()
      this.#client = client
      this.#explainers = undefined
      this.#modelFiles = files
      this.keptAs = null
      this.model = facts
      this.choices = undefined
      return facts
    } catch (error) {
      client.dispose()
      throw error
    }
  }

  async readData(files: readonly NamedFile[], { signal }: JobCall): Promise<DataFacts> {
    const facts = await this.#client.call('readData', [files], { signal })
    this.#dataFiles = files
    this.keptAs = null
    this.data = facts
    this.choices = undefined
    return facts
  }

  /** The choices that the files leave no doubt about. */
  suggest(): Choices {
    const { model, data } = this
    if (model === undefined || data === undefined) throw new Error('Files are missing.')
    const columns = data.kind === 'table' ? data.columns : []
    const label = suggestLabel(columns.map(({ name }) => name))
    return {
      output: model.outputs[0]?.name ?? '',
      plan: {
        pixels: {
          scaling: needsScaling(model, data) ? (model.pixels?.scaling ?? null) : 'bytes',
          fit: model.pixels?.fit ?? 'stretch',
          side: 224,
        },
        table: {
          label,
          features: suggestFeatures(
            columns.map(({ name }) => name).filter((name) => name !== label),
            model.parts,
          ),
          scaling: 'none',
        },
      },
      loss: null,
      simFn: simFnDefault,
      parameters: null,
      method: 'integrated_gradients',
      layer: model.embedding ?? null,
      baseline: 'zeros',
    }
  }

  /** Encodes the examples, connects explainers and estimates what the comparison takes. */
  async match(choices: Choices, call: JobCall): Promise<Matched> {
    const plan = readPlan(choices)
    const { signal } = call
    const onProgress = (done: number, total: number): void => {
      call.onProgress({ phase: 'fit', done, total })
    }
    const encoded = await this.#client.call('encode', [choices.output, plan], {
      signal,
      onProgress,
    })
    const [first] = encoded.losses
    if (first === undefined) {
      throw new Error(
        'The model gives one number, so it needs labels to compare with. Choose the column with the true values, or drop y.npy.',
      )
    }
    const loss =
      choices.loss !== null && encoded.losses.includes(choices.loss) ? choices.loss : first
    const explainers = await this.#connect(choices, loss, signal)
    const similarity = explainers.gradientSimilarity(loss, {
      simFn: choices.simFn,
      task: encoded.labelKind === 'values' ? 'regression' : 'classification',
      precomputeGrads: true,
      parameters: explainers.value('parameters'),
      store: explainers.value('store'),
      storeExamples: false,
    })
    const estimate = await similarity.estimate(
      explainers.value('xTrain'),
      explainers.value('yTrain'),
      { signal },
    )
    const client = this.#client
    const indices = spreadIndices(encoded.count, offeredCount)
    const pictures = await client.call('pictures', [indices], { signal })
    return {
      choices,
      encoded,
      explainers,
      similarity,
      loss,
      estimate,
      groups: await client.call('listParameters', [choices.output], { signal }),
      offered: indices.map((index, n) => ({ index, picture: pictures[n] ?? null })),
      fields: await client.call('form', [0], { signal }),
      baseline:
        choices.method === 'grad_cam'
          ? null
          : await client.call('baseline', [choices.baseline], { signal }),
    }
  }

  /** Connects explainers, and disposes of the former ones. */
  async #connect(choices: Choices, loss: LossName, signal: AbortSignal): Promise<RemoteExplainers> {
    const { keptAs } = this
    const store = keptAs === null ? null : await nameStore(keptAs, { ...choices, loss })
    const { output, parameters } = choices
    const explainers = await this.#client.connect({ output, loss, parameters, store })
    if (signal.aborted) {
      explainers.dispose()
      throw signal.reason as Error
    }
    this.#explainers?.dispose()
    this.#explainers = explainers
    return explainers
  }
}

/** Whether pixels have to be scaled before the model takes them. */
export function needsScaling(model: ModelFacts, data: DataFacts): boolean {
  if (data.kind === 'pictures') return true
  return data.kind === 'arrays' && data.isBytes && model.inputs[0]?.shape.length === 3
}

/** The plan of choices that are complete. */
function readPlan({ plan }: Choices): EncodingPlan {
  const { scaling } = plan.pixels
  if (scaling === null) throw new Error('Choose how the model takes pixels first.')
  return { ...plan, pixels: { ...plan.pixels, scaling } }
}

/** The columns in the order of the model's inputs, if these have their names; else in their own order. */
function suggestFeatures(
  names: readonly string[],
  parts: ModelFacts['parts'] = [],
): readonly string[] {
  const inputs = parts.map(({ name }) => name)
  return inputs.length > 0 && inputs.every((name) => names.includes(name)) ? inputs : names
}

/** The column that is called like a label, else the last one. */
function suggestLabel(names: readonly string[]): string | null {
  const usual = /^(?:label|class|target|y|category|species|outcome)$/i
  return names.find((name) => usual.test(name)) ?? names.at(-1) ?? null
}
