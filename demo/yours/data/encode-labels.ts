import type { EndActivation } from '../models/model-facts.js'
import { FileError } from '../files/named-file.js'
import type { RawLabels } from './data-set.js'
import { distinct } from './encode-table.js'

/** Labels that fit a model's output. */
export type EncodedLabels =
  | { readonly kind: 'none' }
  /** A class for each example, by its index among the names. Of one output, 0 or 1. */
  | { readonly kind: 'classes'; readonly indices: Int32Array; readonly names: readonly string[] }
  /** One value per output for each example. */
  | { readonly kind: 'values'; readonly values: Float32Array }

export interface LabelledOutput {
  readonly size: number
  readonly activation: EndActivation
  /** The names of the model's classes, if a file has them. */
  readonly classNames: readonly string[]
}

/** @throws FileError for labels that the output can't have */
export function encodeLabels(raw: RawLabels, output: LabelledOutput): EncodedLabels {
  const { size, classNames } = output
  if (classNames.length > 0 && classNames.length !== Math.max(size, 2)) {
    throw new FileError(
      `There are ${classNames.length} class names, but the model has ${count(size, 'output')}. Drop the names of this model.`,
    )
  }
  switch (raw.kind) {
    case 'none':
      return raw
    case 'names':
      return encodeNames(raw.names, output)
    case 'numbers':
      return raw.width === 1
        ? encodeNumbers(Float32Array.from(raw.data), output)
        : encodeRows(Float32Array.from(raw.data), raw.width, output)
  }
}

function encodeNames(
  given: readonly string[],
  { size, classNames }: LabelledOutput,
): EncodedLabels {
  const own = distinct(given)
  const names = classNames.length > 0 ? classNames : own
  const indices = matchNames(own, names)
  const unknown = own.find((name) => !indices.has(name))
  if (unknown !== undefined) {
    throw new FileError(
      `The data has the class '${unknown}', but the model's classes are ${names.join(', ')}. Rename the folder or the label.`,
    )
  }
  if (names.length !== Math.max(size, 2)) {
    throw new FileError(
      `The data has ${count(names.length, 'class', 'classes')} (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}), but the model has ${count(size, 'output')}. ` +
        (names.length > size
          ? 'Leave out the classes that the model was not trained on.'
          : 'If the model knows more classes, drop a labels.txt with all of them, one a line, in the order of its outputs.'),
    )
  }
  return {
    kind: 'classes',
    indices: Int32Array.from(given, (name) => indices.get(name) ?? -1),
    names,
  }
}

/**
 * The class of each name: the same name, else the only one that differs only in case, spaces,
 * underscores and hyphens. Folders are often called 'class_0' where the class is 'Class 0'.
 */
function matchNames(
  own: readonly string[],
  classNames: readonly string[],
): ReadonlyMap<string, number> {
  const simplify = (name: string): string =>
    name
      .toLowerCase()
      .replace(/[\s_-]+/g, ' ')
      .trim()
  const simple = classNames.map(simplify)
  const ownSimple = own.map(simplify)
  const found = new Map<string, number>()
  own.forEach((name, at) => {
    const exact = classNames.indexOf(name)
    const text = ownSimple[at] ?? ''
    const isOnly = (list: readonly string[]): boolean =>
      list.indexOf(text) === list.lastIndexOf(text)
    if (exact >= 0) found.set(name, exact)
    else if (simple.includes(text) && isOnly(simple) && isOnly(ownSimple)) {
      found.set(name, simple.indexOf(text))
    }
  })
  return found
}

function encodeNumbers(
  numbers: Float32Array,
  { size, activation, classNames }: LabelledOutput,
): EncodedLabels {
  if (size === 1 && activation !== 'sigmoid') return { kind: 'values', values: numbers }
  const classCount = Math.max(size, 2)
  const odd = numbers.find((value) => !Number.isInteger(value))
  if (odd !== undefined) {
    throw new FileError(
      `The labels have the value ${odd}, but the model has ${count(size, 'output')}: it takes classes from 0 to ${classCount - 1}. Choose another column.`,
    )
  }
  let [low, high] = [Infinity, -Infinity]
  for (const value of numbers) [low, high] = [Math.min(low, value), Math.max(high, value)]
  if (low < 0 || high >= classCount) {
    const shift = low === 1 && high === classCount ? ' Subtract 1 from each.' : ''
    throw new FileError(
      `The labels go from ${low} to ${high}, but the model's classes from 0 to ${classCount - 1}.${shift}`,
    )
  }
  const names = Array.from({ length: classCount }, (_, index) => classNames[index] ?? String(index))
  return { kind: 'classes', indices: Int32Array.from(numbers), names }
}

function encodeRows(
  values: Float32Array,
  width: number,
  { size, activation, classNames }: LabelledOutput,
): EncodedLabels {
  if (width !== size) {
    throw new FileError(
      `Each label has ${width} numbers, but the model has ${count(size, 'output')}. Labels are one class per example, or one number per output.`,
    )
  }
  if (activation === 'sigmoid' || !isOneHot(values, width)) return { kind: 'values', values }
  const indices = new Int32Array(values.length / width)
  for (let n = 0; n < indices.length; n++) {
    indices[n] = values.subarray(n * width, (n + 1) * width).indexOf(1)
  }
  const names = Array.from({ length: width }, (_, index) => classNames[index] ?? String(index))
  return { kind: 'classes', indices, names }
}

function isOneHot(values: Float32Array, width: number): boolean {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width)
    const ones = row.filter((value) => value === 1).length
    if (ones !== 1 || row.some((value) => value !== 0 && value !== 1)) return false
  }
  return true
}

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`
