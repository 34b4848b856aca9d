import { InvalidArgumentError } from '../../errors.js'
import type { NdArray, TypedArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { isNdArray } from '../base/explanation-source.js'

/** The label of an example: a class by index or name, or a value in a regression. */
export type Label = number | string

/**
 * The labels of n examples: class indices, names or values; or one list of scores per example, such
 * as one-hot labels or probabilities.
 */
export type Labels =
  NdArray | ArrayLike<number> | readonly string[] | readonly (readonly number[])[] | null

/** One label per example. */
export type LabelList = readonly Label[] | TypedArray

/**
 * One label per example. A list of scores becomes the class of the greatest score. Numbers are not
 * copied.
 */
export function readLabels(argument: string, labels: Labels | undefined): LabelList {
  if (labels === null || labels === undefined) return []
  if (isNdArray(labels)) {
    const [count = 0, ...own] = labels.shape
    const width = own.reduce((product, length) => product * length, 1)
    if (width === 1) return labels.data
    return Array.from({ length: count }, (_, i) =>
      findLabel(labels.data.subarray(i * width, (i + 1) * width)),
    )
  }
  if (ArrayBuffer.isView(labels)) return labels as TypedArray
  if (typeof labels === 'object' && 'length' in labels) {
    const list: ArrayLike<unknown> = labels
    return Array.from(list, (label, i) => readLabel(argument, label, i))
  }
  const expected =
    'one class index, name, value or one-hot list per training example, as an array or a list'
  throw new InvalidArgumentError(argument, describe(labels), expected)
}

/** The name of a class, or the label itself if it has no name. */
export function nameLabel(label: Label, names: readonly string[]): string {
  return typeof label === 'string' ? label : (names[label] ?? `${label}`)
}

/** Whether the model predicts another class than the label. */
export function differs(
  {
    label,
    predicted,
  }: { readonly label: Label | undefined; readonly predicted: Label | undefined },
  { name, areClasses }: { readonly name: (label: Label) => string; readonly areClasses: boolean },
): boolean {
  if (!areClasses || label === undefined || predicted === undefined) return false
  return name(label) !== name(predicted)
}

function readLabel(argument: string, label: unknown, index: number): Label {
  if (typeof label === 'number' || typeof label === 'string') return label
  if (Array.isArray(label) && label.length > 0 && label.every(isNumber)) return findLabel(label)
  throw new InvalidArgumentError(
    `${argument}[${index}]`,
    describe(label),
    'a class index, a class name or a one-hot list',
  )
}

function findLabel(scores: ArrayLike<number>): number {
  let greatest = 0
  for (let i = 1; i < scores.length; i++) {
    if (scores[i]! > scores[greatest]!) greatest = i
  }
  return scores.length === 1 ? scores[0]! : greatest
}

const isNumber = (value: unknown): boolean => typeof value === 'number'
