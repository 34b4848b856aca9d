import type { ArrayInput } from '../../array-input.js'
import type { SimilarityName } from '../../compute/similarity.js'
import type { FrameSide } from '../../frame/frame.js'
import type { LiveAttribution } from '../../live/live-files.js'
import type { NamedLoss } from '../../losses/loss.js'
import type { LossName } from '../../losses/names.js'
import type { ExternalData, FileSource } from '../../onnx/model/read-source.js'
import type { ReportSource } from '../report-part.js'
import type { SavedModel } from './save-model.js'

/** The examples of a report: one array [N, …], or a list of them, one for each input of the model. */
export type LiveInputs = ArrayInput | readonly ArrayInput[]

/** A model in a report, and what the page asks it. */
export interface LiveOptions {
  /**
   * A LayersModel or GraphModel of TensorFlow.js, whose layers and operations are TensorFlow.js's
   * own; or the bytes or the URL of an .onnx file, whose operators TensorFlow.js can compute.
   */
  readonly model: SavedModel | FileSource
  /**
   * The files with weights of an ONNX model, by their names in it. Default: fetched from the folder
   * of the model's URL.
   */
  readonly externalData?: ExternalData | undefined
  /** The examples that the page explains; users choose one of them. */
  readonly x: LiveInputs
  /** The training examples. With them and `loss`, the page ranks them by their similarity. */
  readonly xTrain?: LiveInputs | undefined
  /** The labels of the training examples. */
  readonly yTrain?: ArrayInput | undefined
  /** The loss that the model was trained with: a name, or a name with its options. */
  readonly loss?: LossName | NamedLoss | undefined
  /** How gradients are compared. Default 'grad_dot'. */
  readonly simFn?: SimilarityName | undefined
  /** How many of the most and the least similar examples are shown. Default 5. */
  readonly topK?: number | undefined
  /**
   * Whether the page stores the training gradients: it needs more memory and answers later questions
   * faster. Default true.
   */
  readonly precomputeGrads?: boolean | undefined
  /** How predictions are attributed. Default 'integratedGradients'. */
  readonly attribution?: LiveAttribution | undefined
  /**
   * The name of the layer to attribute to, such as an embedding. Default: the inputs. Of an ONNX
   * model, an operator, a tensor, or the table of an embedding.
   */
  readonly layer?: string | undefined
  /** The output to explain, of a model of several. */
  readonly output?: string | undefined
  /** The heading. Default 'Ask the model'. */
  readonly title?: string | undefined
  /** What is shown until the model runs, and where it can't. Default: only a sentence. */
  readonly explanation?: ReportSource | undefined
  /** Properties of `<gl-explainer>`, such as `kind` and `labels`. */
  readonly side?: FrameSide | undefined
}

export const liveOptionNames: readonly (keyof LiveOptions)[] = [
  'model',
  'externalData',
  'x',
  'xTrain',
  'yTrain',
  'loss',
  'simFn',
  'topK',
  'precomputeGrads',
  'attribution',
  'layer',
  'output',
  'title',
  'explanation',
  'side',
]
