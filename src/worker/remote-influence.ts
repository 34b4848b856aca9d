import type { Inputs } from '../explainers/reading/inputs.js'
import type { EstimateOptions } from '../explainers/similarity/estimate/similarity-estimate.js'
import type { PrecomputeOptions } from '../explainers/similarity/similarity-options.js'
import type { SelfInfluenceData } from '../explainers/similarity/self-influence.js'
import type { Explanation } from '../explanation.js'
import type {
  InfluenceData,
  InfluenceEstimate,
  InfluenceExplainOptions,
} from '../influence/index.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import type { CallOptions } from '../options.js'
import {
  nameQuestion,
  nameTraining,
  type RemoteExamples,
  RemoteExplainer,
} from './remote-explainer.js'
import type { WorkerValue } from './values.js'

/** A checkpoint whose model, and whose store if it has one, are values of the worker. */
export interface RemoteCheckpoint {
  readonly predictor: WorkerValue
  readonly learningRate: number
  readonly store?: WorkerValue | undefined
}

/** Options whose loss may be a value of the worker. */
type ExplainOptions = Omit<InfluenceExplainOptions, 'questionLoss'> & {
  readonly questionLoss?: InfluenceExplainOptions['questionLoss'] | WorkerValue
}

/** InfluenceFunctions in a worker: the same methods and results. */
export class RemoteInfluence<Item = never> extends RemoteExplainer {
  /** As `fit` of InfluenceFunctions. A source of examples stays in the page, and the worker asks it for batches. */
  async fit(
    xTrain: RemoteExamples<Inputs<Item>>,
    yTrain: RemoteExamples<LabelInput>,
    options: CallOptions = {},
  ): Promise<this> {
    await this.callMethod('fit', nameTraining(xTrain, yTrain), options)
    return this
  }

  /** As `fitCurvature` of InfluenceFunctions. */
  async fitCurvature(
    xTrain: RemoteExamples<Inputs<Item>>,
    yTrain: RemoteExamples<LabelInput>,
    options: CallOptions = {},
  ): Promise<this> {
    await this.callMethod('fitCurvature', nameTraining(xTrain, yTrain), options)
    return this
  }

  /** As `precompute` of InfluenceFunctions. */
  async precompute(
    xTrain: RemoteExamples<Inputs<Item>>,
    yTrain: RemoteExamples<LabelInput>,
    options: PrecomputeOptions = {},
  ): Promise<void> {
    await this.callMethod('precompute', nameTraining(xTrain, yTrain), options)
  }

  /** As `estimate` of InfluenceFunctions. */
  async estimate(
    xTrain: RemoteExamples<Inputs<Item>>,
    yTrain?: RemoteExamples<LabelInput>,
    options: EstimateOptions = {},
  ): Promise<InfluenceEstimate> {
    const given = nameTraining(xTrain, yTrain)
    return (await this.callMethod('estimate', given, options)) as InfluenceEstimate
  }

  /** As `explain` of InfluenceFunctions. */
  explain(
    x: Inputs<Item>,
    y?: QuestionLabelInput,
    options: ExplainOptions = {},
  ): Promise<Explanation<InfluenceData>> {
    return this.callExplain(nameQuestion(x, y), options)
  }

  /** As `selfInfluence` of InfluenceFunctions. */
  selfInfluence(options: CallOptions = {}): Promise<Explanation<SelfInfluenceData>> {
    return this.callExplanation('selfInfluence', [], options)
  }
}

/** TracIn in a worker: the same methods and results. */
export class RemoteTracIn<Item = never> extends RemoteExplainer {
  /** As `fit` of TracIn. */
  async fit(
    xTrain: Inputs<Item> | WorkerValue,
    yTrain: LabelInput | WorkerValue,
    options: CallOptions = {},
  ): Promise<this> {
    const given = nameTraining(xTrain, yTrain)
    await this.callMethod('fit', given, options)
    return this
  }

  /** As `explain` of TracIn. */
  explain(
    x: Inputs<Item>,
    y?: QuestionLabelInput,
    options: ExplainOptions = {},
  ): Promise<Explanation<InfluenceData>> {
    return this.callExplain(nameQuestion(x, y), options)
  }

  /** As `selfInfluence` of TracIn. */
  selfInfluence(options: CallOptions = {}): Promise<Explanation<SelfInfluenceData>> {
    return this.callExplanation('selfInfluence', [], options)
  }
}
