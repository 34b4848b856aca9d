import type { NdArray } from 'gradlens'
import type { RawArray, RawLabels } from '../data/data-set.js'
import { FileError } from '../files/named-file.js'
import { formatShape, sizeOf } from '../models/opened-model.js'
import type { Asked, EncodedExample, Encoder } from './encoder.js'

/** Examples of an array, which the model takes as they are. */
export class ArrayEncoder implements Encoder {
  readonly problems = []
  readonly featureNames: readonly string[]
  readonly labels: RawLabels
  readonly #x: RawArray
  readonly #own: readonly number[]
  readonly #isInteger: boolean

  constructor(x: RawArray, labels: RawLabels, own: readonly number[], dtype: 'float32' | 'int32') {
    this.labels = labels
    this.#x = x
    this.#own = own
    this.#isInteger = dtype === 'int32'
    this.featureNames =
      own.length === 1 ? Array.from({ length: own[0] ?? 0 }, (_, index) => `number ${index}`) : []
  }

  get count(): number {
    return this.#x.shape[0] ?? 0
  }

  encode(start: number, end: number): NdArray {
    const size = sizeOf(this.#own)
    const part = this.#x.data.subarray(start * size, end * size)
    const data = this.#isInteger ? Int32Array.from(part) : Float32Array.from(part)
    return { data, shape: [end - start, ...this.#own] }
  }

  ask(asked: Asked): EncodedExample {
    if (asked.kind === 'example') {
      const x = this.encode(asked.index, asked.index + 1)
      return { x, cells: Array.from(x.data) }
    }
    if (asked.kind !== 'row') throw new FileError('Choose one of the examples.')
    const numbers = (asked.cells[0] ?? '')
      .trim()
      .split(/[\s,]+/)
      .map(Number)
    if (numbers.length !== sizeOf(this.#own) || !numbers.every(Number.isFinite)) {
      throw new FileError(
        `The model takes ${sizeOf(this.#own)} numbers, separated by spaces; got ${numbers.length}.`,
      )
    }
    const data = this.#isInteger ? Int32Array.from(numbers) : Float32Array.from(numbers)
    return { x: { data, shape: [1, ...this.#own] }, cells: numbers }
  }

  show(): null {
    return null
  }

  picture(): Promise<null> {
    return Promise.resolve(null)
  }

  flat(): null {
    return null
  }

  form(index: number): readonly { name: string; value: string; choices: undefined }[] {
    if (this.#own.length !== 1) return []
    const { data } = this.encode(index, index + 1)
    return [{ name: 'Numbers', value: Array.from(data).join(' '), choices: undefined }]
  }
}

/**
 * The shape of an example as the model takes it. Axes of length 1 may be missing in the file.
 *
 * @throws FileError if the array's examples have another shape
 */
export function fitShape(
  given: readonly number[],
  wanted: readonly (number | null)[],
): readonly number[] {
  const [, ...own] = given
  const isEqual =
    own.length === wanted.length && own.every((side, i) => (wanted[i] ?? side) === side)
  if (isEqual) return own
  const withoutOnes = wanted.filter((side) => side !== 1)
  const ownSides = own.filter((side) => side !== 1)
  const fits =
    withoutOnes.length === ownSides.length &&
    withoutOnes.every((side, i) => (side ?? ownSides[i]) === ownSides[i])
  if (!fits) {
    throw new FileError(
      `The array has examples of ${formatShape(own)}, but the model takes ${formatShape(wanted)}. ` +
        'Its first axis counts the examples. Write it again in the shape that the model was trained on.',
    )
  }
  const sides = [...ownSides]
  return wanted.map((side) => (side === 1 ? 1 : (sides.shift() ?? 1)))
}
