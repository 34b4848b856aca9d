import type { NdArray } from 'gradlens'
import type { GlExplainer } from 'gradlens/elements'
import type { Suspects } from '../data/suspects.js'
import type { DeviceChoice, Settings } from '../settings.js'
import type { DeltaWords } from '../text/facts.js'
import type { ModelLoader } from '../views/model-loader.js'
import type { WorkerStart } from '../workers/worker-name.js'
import type { DataSetName } from './data-sets.js'
import type { ExplainingWorker } from './explaining-worker.js'
import type { ExplanationParts } from './page-attribution.js'
import type { Question, References } from './question.js'

/** An element that shows training examples. */
export type ReferencesElement = Pick<
  GlExplainer,
  'examples' | 'trainLabels' | 'trainNames' | 'features'
> &
  Partial<Pick<GlExplainer, 'columns'>>

export interface PageOptions<Data> {
  readonly dataSet: DataSetName
  /** The name of the page's examples: 'digit' and 'digits', for example. */
  readonly noun: { readonly one: string; readonly many: string }
  /** What the examples are called that are ranked. Default: 'training digit', for example. */
  readonly referenceNoun?: { readonly one: string; readonly many: string }
  /** The number of training examples, and the smaller numbers that are offered. */
  readonly references: number
  readonly referenceCounts: readonly number[]
  /** The words for the sum of the attributions. */
  readonly delta: DeltaWords
  readonly load: (folder: string, signal: AbortSignal) => Promise<Data>
  /** The training examples to rank. */
  readonly listReferences: (data: Data) => References
  /** Shows the first `count` training examples: sets the properties of the element. */
  readonly showReferences: (element: ReferencesElement, data: Data, count: number) => void
  /** The start of the attributed paths. Default: zeros. */
  readonly baseline?: (data: Data) => NdArray
  /**
   * Called when the data is loaded. Returns the number of held-out examples, and the first one to
   * show.
   */
  readonly ready: (data: Data) => { readonly heldOutCount: number; readonly first: number }
  /** Shows a held-out example and returns it as the question. */
  readonly pick: (data: Data, index: number) => Question
  /** Shows a training example and returns it as the question. */
  readonly pickTraining?: (data: Data, index: number) => Question
  /** The training examples whose labels are the most suspect. */
  readonly suspects?: (data: Data) => Suspects
  /** Called with the model's outputs for a question, before they are shown. */
  readonly answered?: (outputs: ArrayLike<number>, question: Question) => void
  /** Converts the explanation of the attribution before it is shown. */
  readonly attribution?: (explanation: ExplanationParts) => ExplanationParts
  /** Called when the training examples are ranked. */
  readonly ranked?: (explanation: ExplanationParts) => void
  /** Called with the predictions for the training examples. */
  readonly fitted?: (predictions: Float32Array) => void
  /** What is compared of images, such as 'strokes'; undefined for other examples. */
  readonly parts?: string
  /** Whether the ranked examples are training examples, which have influence. Default: true. */
  readonly areTraining?: boolean
  /** The page's own defaults. */
  readonly defaults?: Partial<Settings>
  /** The devices to choose from. Default: all. */
  readonly devices?: readonly DeviceChoice[]
  /** Starts a worker with the page's model. */
  readonly startWorker?: (start: Omit<WorkerStart, 'channel'>) => Worker
  /** Creates what loads the model when the user asks for it. Default: it is loaded with the page. */
  readonly createLoader?: (loading: Loading) => ModelLoader
  /** The unit of a regression. */
  readonly unit?: string
  /** Converts the predictions for the training examples before they are shown. */
  readonly predictions?: (predictions: Float32Array) => ArrayLike<number>
}

export interface Loading {
  readonly worker: ExplainingWorker
  readonly device: DeviceChoice
  /** To be called when the explainers of the worker are ready. */
  readonly loaded: () => void
}
