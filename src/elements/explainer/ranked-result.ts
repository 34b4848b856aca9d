import { toNdArray, type ArrayInput } from '../../array-input.js'
import type { NdArray } from '../../ndarray.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import { readExplanation } from '../base/source/open-explanation.js'
import type { ExplainerProperties } from './explainer-properties.js'

/** A ranking of the training examples, with what was given for it. */
export interface RankedResult {
  readonly explanation: GivenExplanation
  /** The labels of the training examples, if `yTrain` is set. */
  readonly labels: NdArray | null
  /** The index of x among the training examples; null: it is none of them. */
  readonly explainedIndex: number | null
}

/**
 * Reads what an explainer returned for a question.
 *
 * @throws InvalidArgumentError if it isn't an explanation, or `yTrain` isn't an array
 */
export async function readRankedResult(
  returned: unknown,
  { yTrain, explainedIndex }: Pick<ExplainerProperties, 'yTrain' | 'explainedIndex'>,
): Promise<RankedResult> {
  const explanation = readExplanation(returned)
  const labels = isGiven(yTrain) ? await toNdArray('yTrain', yTrain as ArrayInput) : null
  return { explanation, labels, explainedIndex }
}

/** Whether a property is set. */
export const isGiven = (value: unknown): boolean => value !== null && value !== undefined
