import type { Inputs } from '../explainers/reading/inputs.js'
import type { SelfInfluenceData } from '../explainers/similarity/self-influence.js'
import type { Explanation } from '../explanation.js'
import type { InfluenceData, InfluenceExplainOptions } from '../influence/index.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import type { CallOptions } from '../options.js'
import { RemoteExplainer } from './remote-explainer.js'
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

/** TracIn in a worker: the same methods and results. */
export class RemoteTracIn<Item = never> extends RemoteExplainer {
  /** As `fit` of TracIn. */
  async fit(
    xTrain: Inputs<Item> | WorkerValue,
    yTrain: LabelInput | WorkerValue,
    options: CallOptions = {},
  ): Promise<this> {
    const given = [
      ['xTrain', xTrain],
      ['yTrain', yTrain],
    ] as const
    await this.callMethod('fit', given, options)
    return this
  }

  /** As `explain` of TracIn. */
  explain(
    x: Inputs<Item>,
    y?: QuestionLabelInput,
    options: ExplainOptions = {},
  ): Promise<Explanation<InfluenceData>> {
    const given = [
      ['x', x],
      ['y', y],
    ] as const
    return this.callExplain(given, options)
  }

  /** As `selfInfluence` of TracIn. */
  selfInfluence(options: CallOptions = {}): Promise<Explanation<SelfInfluenceData>> {
    return this.callExplanation('selfInfluence', [], options)
  }
}
