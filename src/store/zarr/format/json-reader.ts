import { StoreError } from '../../../errors.js'
import { describe } from '../../../options.js'

/**
 * A value in a JSON file of a store, with its path. Each conversion throws a StoreError that names
 * the path if the value isn't as expected.
 */
export class JsonReader {
  readonly value: unknown
  readonly #file: string
  readonly #path: string

  private constructor(value: unknown, file: string, path: string) {
    this.value = value
    this.#file = file
    this.#path = path
  }

  static parse(file: string, bytes: Uint8Array): JsonReader {
    try {
      return new JsonReader(JSON.parse(new TextDecoder().decode(bytes)), file, '')
    } catch (cause) {
      throw new StoreError('damaged', `${file} of the store isn't valid JSON.`, { cause })
    }
  }

  /** The field of that name. It must exist. */
  get(name: string): JsonReader {
    return this.getOptional(name) ?? this.#fail('nothing', 'a value', this.#appendPath(name))
  }

  /** The field of that name, or undefined if it doesn't exist. */
  getOptional(name: string): JsonReader | undefined {
    const { value } = this
    if (typeof value !== 'object' || value === null) return this.#fail(describe(value), 'an object')
    if (!Object.hasOwn(value, name)) return undefined
    const field = (value as Record<string, unknown>)[name]
    return new JsonReader(field, this.#file, this.#appendPath(name))
  }

  toList<Item>(read: (item: JsonReader) => Item): Item[] {
    const { value } = this
    if (!Array.isArray(value)) return this.#fail(describe(value), 'a list')
    return value.map((item, i) => read(new JsonReader(item, this.#file, this.#appendPath(`${i}`))))
  }

  toText(): string {
    return typeof this.value === 'string' ? this.value : this.#fail(describe(this.value), 'a text')
  }

  toInteger(least: number, most: number = Number.MAX_SAFE_INTEGER): number {
    const { value } = this
    const fits = typeof value === 'number' && Number.isInteger(value)
    if (fits && value >= least && value <= most) return value
    return this.#fail(describe(value), `an integer from ${least} to ${most}`)
  }

  toChoice<const Choice extends string | number | boolean>(choices: readonly Choice[]): Choice {
    const choice = choices.find((candidate) => candidate === this.value)
    if (choice !== undefined) return choice
    return this.#fail(describe(this.value), `one of ${choices.join(', ')}`)
  }

  /** Where the value is, for error messages: its path and its file. */
  describePlace(): string {
    return this.#path === '' ? this.#file : `${this.#path} in ${this.#file}`
  }

  #appendPath(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  #fail(got: string, expected: string, path = this.#path): never {
    const place = new JsonReader(undefined, this.#file, path).describePlace()
    throw new StoreError('damaged', `${place} of the store: got ${got}; expected ${expected}.`)
  }
}
