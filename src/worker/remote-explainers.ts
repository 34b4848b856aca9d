import type { ArrayInput } from '../array-input.js'
import type { Inputs } from '../explainers/reading/inputs.js'
import type {
  EstimateOptions,
  SimilarityEstimate,
} from '../explainers/similarity/estimate/similarity-estimate.js'
import type { SelfInfluenceData } from '../explainers/similarity/self-influence.js'
import type { SimilarityData } from '../explainers/similarity/similarity-explanation.js'
import type {
  PrecomputeOptions,
  SimilarityExplainOptions,
} from '../explainers/similarity/similarity-options.js'
import type { Explanation } from '../explanation.js'
import type { SuspectLabelOptions, SuspectLabels } from '../influence/index.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import type { NdArray } from '../ndarray.js'
import type { CallOptions } from '../options.js'
import {
  nameQuestion,
  nameTraining,
  type RemoteExamples,
  RemoteExplainer,
} from './remote-explainer.js'
import type { WorkerValue } from './values.js'

/** GradientSimilarity in a worker: the same methods and results. */
export class RemoteSimilarity<Item = never> extends RemoteExplainer {
  /** As `fit` of GradientSimilarity. A source of examples stays in the page, and the worker asks it for batches. */
  async fit(
    xTrain: RemoteExamples<Inputs<Item>>,
    yTrain: RemoteExamples<LabelInput>,
    options: CallOptions = {},
  ): Promise<this> {
    await this.callMethod('fit', nameTraining(xTrain, yTrain), options)
    return this
  }

  /** As `estimate` of GradientSimilarity. */
  async estimate(
    xTrain: RemoteExamples<Inputs<Item>>,
    yTrain?: RemoteExamples<LabelInput>,
    options: EstimateOptions = {},
  ): Promise<SimilarityEstimate> {
    const given = nameTraining(xTrain, yTrain)
    return (await this.callMethod('estimate', given, options)) as SimilarityEstimate
  }

  /** As `precompute` of GradientSimilarity. */
  async precompute(
    xTrain: RemoteExamples<Inputs<Item>>,
    yTrain: RemoteExamples<LabelInput>,
    options: PrecomputeOptions = {},
  ): Promise<void> {
    await this.callMethod('precompute', nameTraining(xTrain, yTrain), options)
  }

  /** As `explain` of GradientSimilarity. */
  explain(
    x: Inputs<Item>,
    y?: QuestionLabelInput,
    options: SimilarityExplainOptions = {},
  ): Promise<Explanation<SimilarityData>> {
    return this.callExplain(nameQuestion(x, y), options)
  }

  /** As `selfInfluence` of GradientSimilarity. */
  selfInfluence(options: CallOptions = {}): Promise<Explanation<SelfInfluenceData>> {
    return this.callExplanation('selfInfluence', [], options)
  }

  /**
   * As `rankSuspectLabels` of gradlens/influence with this explainer, in one call: also for training examples that are
   * values of the worker.
   */
  rankSuspectLabels(
    xTrain: Inputs<Item> | WorkerValue,
    yTrain: ArrayInput | WorkerValue,
    options: SuspectLabelOptions = {},
  ): Promise<Explanation<SuspectLabels>> {
    return this.callExplanation('rankSuspectLabels', nameTraining(xTrain, yTrain), options)
  }
}

/** An explainer of attributions in a worker: the same method and results. */
export class RemoteAttribution extends RemoteExplainer {
  /** As `explain` of the explainer of that name. */
  explain(x: unknown, options: CallOptions = {}): Promise<Explanation<object>> {
    return this.callExplain([['x', x]], options)
  }
}

/** The model in a worker. */
export class RemoteModel<Item = never> extends RemoteExplainer {
  /** Resolves to the model's output [N, …] for x, computed batch by batch. */
  async predict(x: Inputs<Item>, options: Pick<CallOptions, 'signal'> = {}): Promise<NdArray> {
    return (await this.callMethod('predict', [['x', x]], options)) as NdArray
  }
}
