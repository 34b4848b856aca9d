import type { Loss } from '../../losses/loss.js'
import type { NdArray } from '../../ndarray.js'

const aggregates = ['sum', 'mean'] as const

/** How the losses of all explained examples become one: their sum, or their mean. */
export type Aggregate = (typeof aggregates)[number]

export const aggregateNames: readonly Aggregate[] = aggregates

/** Options for explaining other losses, several examples as one, or the share of each parameter. */
export interface QuestionOptions<Value> {
  /**
   * Explains all examples as one question: by the sum or the mean of their gradients, in one pass. Default: each example
   * is a question.
   */
  readonly aggregate?: Aggregate | undefined
  /** The loss whose changes are explained, if it is not the loss of training. `y` has the labels that it takes. */
  readonly questionLoss?: Loss<Value> | undefined
  /** Adds the share of each parameter in each score. Default false. */
  readonly perParameter?: boolean | undefined
}

export const questionOptionNames: readonly (keyof QuestionOptions<unknown>)[] = [
  'aggregate',
  'questionLoss',
  'perParameter',
]

/** The fields that `perParameter` adds to an explanation. P is the number of trainable parameters. */
export interface ParameterShares {
  /** The names of the parameters. */
  readonly parameterNames?: readonly string[]
  /** [nTest, P, n] f32: what each parameter contributes to the scores, in their order. The sum over P is the score. */
  readonly parameterScores?: NdArray
}
