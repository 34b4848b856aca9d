import { InvalidArgumentError } from '../errors.js'
import type { Inputs } from '../explainers/reading/inputs.js'
import { checkLossOfLogits } from '../explainers/reading/loss-of-logits.js'
import { readLabels } from '../explainers/reading/labels.js'
import type { ModelCall } from '../explainers/session/model-session.js'
import { checkLoss } from '../explainers/similarity/check-loss.js'
import { readQuestionLabels } from '../explainers/similarity/question-labels.js'
import { type Question, readQuestion } from '../explainers/similarity/question.js'
import type {
  SimilarityExplainOptions,
  SimilaritySettings,
} from '../explainers/similarity/similarity-options.js'
import type { GradientContext } from '../explainers/similarity/training-set.js'
import { type Labels, type QuestionLabelInput, requireLabels } from '../losses/labels.js'
import { type Loss, readLoss, type ReadLoss } from '../losses/loss.js'
import { describe, readChoice } from '../options.js'
import { nameQuestionLoss } from './name-question-loss.js'
import { type Aggregate, aggregateNames, type QuestionOptions } from './scoring/question-options.js'

/** The arguments of an `explain` call about influence, read. */
export interface InfluenceQuestion<Value> extends Question {
  /** The number of examples in `tests`; `ranking.testCount` is 1 if they are aggregated. */
  readonly exampleCount: number
  readonly aggregate: Aggregate | undefined
  /** The loss of the examples to be explained, if it is not that of training. */
  readonly loss: ReadLoss<Value> | undefined
  readonly perParameter: boolean
}

/**
 * Reads the arguments of an `explain` call.
 *
 * @throws InvalidArgumentError or NonFiniteError
 */
export async function readInfluenceQuestion<Value, Item>(
  explainer: string,
  call: ModelCall<Value>,
  trainCount: number,
  x: Inputs<Item>,
  y: QuestionLabelInput | undefined,
  options: Omit<SimilarityExplainOptions, 'simFn'> & QuestionOptions<Value>,
  settings: SimilaritySettings,
): Promise<InfluenceQuestion<Value>> {
  const { aggregate, questionLoss, perParameter = false } = options
  if (aggregate !== undefined) readChoice('aggregate', aggregate, aggregateNames)
  if (typeof perParameter !== 'boolean') {
    throw new InvalidArgumentError('perParameter', describe(perParameter), 'true or false')
  }
  const loss = questionLoss === undefined ? undefined : readOwnLoss(questionLoss, call)
  const question = await readQuestion(explainer, call, trainCount, x, y, options, settings)
  const { ranking } = question
  return {
    ...question,
    ...{ aggregate, loss, perParameter, exampleCount: ranking.testCount },
    ranking: aggregate === undefined ? ranking : { ...ranking, testCount: 1 },
  }
}

function readOwnLoss<Value>(
  given: Loss<Value>,
  { predictor }: Pick<ModelCall<Value>, 'predictor'>,
): ReadLoss<Value> {
  try {
    const loss = readLoss(given)
    checkLossOfLogits(loss, predictor.output)
    checkLoss(loss, predictor)
    return loss
  } catch (error) {
    throw nameQuestionLoss(error)
  }
}

/**
 * Returns the labels of the examples to be explained, in the form of their loss.
 *
 * @throws InvalidArgumentError if labels don't fit, or are missing where they can't be predicted
 */
export async function readInfluenceLabels<Value>(
  context: GradientContext<Value>,
  { tests, y, loss, exampleCount }: InfluenceQuestion<Value>,
  task: SimilaritySettings['task'],
  trainLabelShape: readonly number[],
): Promise<Labels> {
  if (loss === undefined) return readQuestionLabels(context, tests, y, task, trainLabelShape)
  const { output } = context.call.predictor
  if (typeof loss !== 'function') {
    const isSparse = loss.name.startsWith('sparse')
    const shape = isSparse ? output.shape.slice(0, -1) : output.shape
    const labelShape = shape.map((length) => length ?? 1)
    return readQuestionLabels({ ...context, loss }, tests, y, task, labelShape)
  }
  if (y.labels === undefined) {
    throw new InvalidArgumentError(
      'y',
      'none, with a function as questionLoss',
      'the labels that this function takes',
    )
  }
  return readLabels('y', requireLabels('y', y), exampleCount, loss, output)
}
