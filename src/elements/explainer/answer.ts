import { toNdArray, type ArrayInput, type NdArray } from '../../ndarray.js'
import { isNdArray, readExplanation } from '../base/explanation-source.js'
import { formatValue } from '../text/format.js'

/** What the model answers about the example, as a vector. */
export type Outputs = NdArray

/** The outputs that a model returned for one example; a tensor is disposed of. */
export async function readOutputs(returned: unknown): Promise<Outputs> {
  try {
    return asVector(await toNdArray('what predict returned', returned as ArrayInput))
  } finally {
    if (isDisposable(returned)) returned.dispose()
  }
}

/** The outputs that an explanation carries; null if it has none. */
export function outputsOf(explanation: unknown): Outputs | null {
  const { predictions } = readExplanation(explanation).data
  return isNdArray(predictions) ? asVector(predictions) : null
}

/** The class that the model says; null for a single value. One probability with two names is that of class 1. */
export function predictedClass({ data }: Outputs, labels: readonly string[]): number | null {
  if (data.length === 1) return labels.length === 2 ? Number(data[0]! >= 0.5) : null
  let greatest = 0
  for (let i = 1; i < data.length; i++) if (data[i]! > data[greatest]!) greatest = i
  return greatest
}

/** 'The model says 18.2 mpg; the true value is 17 mpg.' */
export function valueSentence(value: number, truth: number | null, unit: string): string {
  const text = (number: number): string => `${formatValue(number)}${unit === '' ? '' : ` ${unit}`}`
  const says = `The model says ${text(value)}`
  return truth === null ? `${says}.` : `${says}; the true value is ${text(truth)}.`
}

/** The first example's row. */
function asVector({ data, shape }: NdArray): NdArray {
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
