import type { NdArray } from 'gradlens'
import type { RawLabels } from '../data/data-set.js'
import { tokenize } from '../data/tokenize.js'
import { FileError } from '../files/named-file.js'
import type { TextFacts } from '../models/model-facts.js'
import type { Asked, EncodedExample, Encoder, ShownExamples } from './encoder.js'

export interface TextEncoderOptions {
  readonly texts: readonly string[]
  readonly labels: RawLabels
  readonly facts: TextFacts
  /** How many ids the model takes; null for any. */
  readonly length: number | null
  readonly dtype: 'float32' | 'int32'
}

/** Texts as the ids of their words in a vocabulary. */
export class VocabularyEncoder implements Encoder {
  readonly problems = []
  readonly featureNames = []
  readonly labels: RawLabels
  readonly #options: TextEncoderOptions
  /** The length of all texts of the data, so that they fit into one array. */
  readonly #length: number

  constructor(options: TextEncoderOptions) {
    const { texts, facts, length, labels } = options
    this.labels = labels
    this.#options = options
    this.#length =
      length ??
      facts.length ??
      texts.reduce((most, text) => Math.max(most, tokenize(text, facts, null).ids.length), 1)
  }

  get count(): number {
    return this.#options.texts.length
  }

  encode(start: number, end: number): NdArray {
    return this.#encode(this.#options.texts.slice(start, end)).x
  }

  ask(asked: Asked): EncodedExample {
    const { texts } = this.#options
    if (asked.kind !== 'example' && asked.kind !== 'text') {
      throw new FileError('The model takes texts. Type or paste one.')
    }
    const text = asked.kind === 'text' ? asked.text : (texts[asked.index] ?? '')
    if (text.trim() === '') throw new FileError('The text is empty. Type or paste one.')
    return this.#encode([text])
  }

  show(indices: readonly number[]): ShownExamples {
    return indices.map((index) => this.#options.texts[index] ?? '')
  }

  picture(): Promise<null> {
    return Promise.resolve(null)
  }

  flat(): null {
    return null
  }

  form(index: number): readonly { name: string; value: string; choices: undefined }[] {
    return [{ name: 'Text', value: this.#options.texts[index] ?? '', choices: undefined }]
  }

  #encode(texts: readonly string[]): { x: NdArray; tokens: readonly string[] } {
    const { facts, dtype } = this.#options
    const tokens = texts.map((text) => tokenize(text, facts, this.#length))
    const ids = tokens.flatMap((own) => own.ids)
    return {
      x: {
        data: dtype === 'int32' ? Int32Array.from(ids) : Float32Array.from(ids),
        shape: [texts.length, this.#length],
      },
      tokens: tokens[0]?.texts ?? [],
    }
  }
}
