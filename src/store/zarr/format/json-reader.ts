import { StoreError } from '../../../errors.js'
import { describe } from '../../../options.js'

/** A value of a JSON file of a store, with the path to it. What is not as expected is a StoreError that says where. */
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
      throw new StoreError('damaged', `${file} of the store is no JSON.`, { cause })
    }
  }

  field(name: string): JsonReader {
    return this.optional(name) ?? this.#fail('nothing', 'a value', this.#at(name))
  }

  optional(name: string): JsonReader | undefined {
    const { value } = this
    if (typeof value !== 'object' || value === null) return this.#fail(describe(value), 'an object')
    if (!Object.hasOwn(value, name)) return undefined
    return new JsonReader((value as Record<string, unknown>)[name], this.#file, this.#at(name))
  }

  list<Item>(read: (item: JsonReader) => Item): Item[] {
    const { value } = this
    if (!Array.isArray(value)) return this.#fail(describe(value), 'a list')
    return value.map((item, i) => read(new JsonReader(item, this.#file, this.#at(String(i)))))
  }

  string(): string {
    return typeof this.value === 'string' ? this.value : this.#fail(describe(this.value), 'a text')
  }

  integer(least: number, most: number = Number.MAX_SAFE_INTEGER): number {
    const { value } = this
    const fits = typeof value === 'number' && Number.isInteger(value)
    if (fits && value >= least && value <= most) return value
    return this.#fail(describe(value), `an integer from ${least} to ${most}`)
  }

  oneOf<const Choice extends string | number>(choices: readonly Choice[]): Choice {
    const choice = choices.find((candidate) => candidate === this.value)
    if (choice !== undefined) return choice
    return this.#fail(describe(this.value), `one of ${choices.join(', ')}`)
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  #fail(got: string, expected: string, path = this.#path): never {
    const what = path === '' ? this.#file : `${path} in ${this.#file}`
    throw new StoreError('damaged', `${what} of the store: got ${got}; expected ${expected}.`)
  }
}
