import { InvalidArgumentError } from '../../errors.js'
import type { NdArray, TypedArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { isNdArray } from '../base/explanation-source.js'

/** What an example is labelled: a class by its index or name, or in regression a value. */
export type Label = number | string

/** The labels of n examples: class indices, names or values; or one row of scores each (one-hot, probabilities). */
export type Labels =
  NdArray | ArrayLike<number> | readonly string[] | readonly (readonly number[])[] | null

/** One label for each example. */
export type LabelList = readonly Label[] | TypedArray

/** One label for each example; of a row of scores, the class of the greatest. Numbers are not copied: there may be millions. */
export function readLabels(argument: string, labels: Labels | undefined): LabelList {
  if (labels === null || labels === undefined) return []
  if (isNdArray(labels)) {
    const [count = 0, ...own] = labels.shape
    const width = own.reduce((product, length) => product * length, 1)
    if (width === 1) return labels.data
    return Array.from({ length: count }, (_, i) =>
      labelOfRow(labels.data.subarray(i * width, (i + 1) * width)),
    )
  }
  if (ArrayBuffer.isView(labels)) return labels as TypedArray
  if (typeof labels === 'object' && 'length' in labels) {
    const list: ArrayLike<unknown> = labels
    return Array.from(list, (label, i) => readLabel(argument, label, i))
  }
  const expected = 'class indices, names or values, or one-hot rows; one for each training example'
  throw new InvalidArgumentError(argument, describe(labels), expected)
}

/** The name of a class, if it has one; numbers that are no class as they are. */
export function nameOf(label: Label, names: readonly string[]): string {
  return typeof label === 'string' ? label : (names[label] ?? String(label))
}

function readLabel(argument: string, label: unknown, index: number): Label {
  if (typeof label === 'number' || typeof label === 'string') return label
  if (Array.isArray(label) && label.length > 0 && label.every(isNumber)) return labelOfRow(label)
  throw new InvalidArgumentError(
    `${argument}[${index}]`,
    describe(label),
    'a class, its name, or its one-hot row',
  )
}

function labelOfRow(scores: ArrayLike<number>): number {
  let greatest = 0
  for (let i = 1; i < scores.length; i++) {
    if (scores[i]! > scores[greatest]!) greatest = i
  }
  return scores.length === 1 ? scores[0]! : greatest
}

const isNumber = (value: unknown): boolean => typeof value === 'number'
