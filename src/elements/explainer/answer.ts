import { toNdArray, type ArrayInput } from '../../array-input.js'
import type { NdArray } from '../../ndarray.js'
import { isNdArray } from '../base/explanation-source.js'
import { readExplanation } from '../base/source/open-explanation.js'
import { areProbabilities, readClassProbabilities } from '../probabilities/class-probabilities.js'
import { describeProbabilities } from '../probabilities/sentence.js'
import { formatValue } from '../text/format.js'
import type { ExplainerProperties } from './explainer-properties.js'

/** The model's outputs for the example, as a vector. */
export type Outputs = NdArray

/** Reads the outputs that a model returned for one example, and disposes of a returned tensor. */
export async function readOutputs(returned: unknown): Promise<Outputs> {
  try {
    return flattenFirst(await toNdArray('the result of predict', returned as ArrayInput))
  } finally {
    if (isDisposable(returned)) returned.dispose()
  }
}

/** The outputs that an explanation contains, or null. */
export function getOutputs(explanation: unknown): Outputs | null {
  const { predictions } = readExplanation(explanation).data
  return isNdArray(predictions) ? flattenFirst(predictions) : null
}

/**
 * The predicted class, or null for a single value. A single probability with two class names is the
 * probability of class 1.
 */
export function findPredictedClass({ data }: Outputs, labels: readonly string[]): number | null {
  if (data.length === 1) return labels.length === 2 ? Number(data[0]! >= 0.5) : null
  let greatest = 0
  for (let i = 1; i < data.length; i++) if (data[i]! > data[greatest]!) greatest = i
  return greatest
}

/** The answer of the model in words, and whether it is right; '' for outputs that are not probabilities. */
export function describeAnswer(
  outputs: Outputs,
  { labels, truth, unit }: Pick<ExplainerProperties, 'labels' | 'truth' | 'unit'>,
): string {
  const [value = NaN] = outputs.data
  if (outputs.data.length === 1 && labels.length !== 2) return describeValue(value, truth, unit)
  if (!areProbabilities(outputs)) return ''
  const truthName = truth === null ? null : (labels[truth] ?? String(truth))
  return describeProbabilities(readClassProbabilities(outputs, labels), truthName)
}

/** 'The model says 18.2 mpg; the true value is 17 mpg.' */
function describeValue(value: number, truth: number | null, unit: string): string {
  const format = (number: number): string => `${formatValue(number)} ${unit}`.trimEnd()
  const says = `The model says ${format(value)}`
  return truth === null ? `${says}.` : `${says}; the true value is ${format(truth)}.`
}

/** The outputs of the first example. */
function flattenFirst({ data, shape }: NdArray): NdArray {
  const [count = 1, ...own] = shape
  if (own.length === 0) return { data, shape: [count] }
  const size = own.reduce((product, length) => product * length, 1)
  return { data: data.subarray(0, size), shape: [size] }
}

function isDisposable(value: unknown): value is { dispose(): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'dispose' in value &&
    typeof value.dispose === 'function'
  )
}
