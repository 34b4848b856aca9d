import type { DataSet } from '../data/data-set.js'
import { FileError } from '../files/named-file.js'
import { describeInputKind, type InputKind } from '../models/input-kind.js'
import type { ModelFacts, TextFacts } from '../models/model-facts.js'
import { ArrayEncoder, fitShape } from './array-encoder.js'
import type { Encoder, EncodingPlan } from './encoder.js'
import {
  decodePictures,
  PictureEncoder,
  type DecodeOptions,
  type PictureSource,
} from './picture-encoder.js'
import { readLabelColumn, TableEncoder } from './table-encoder.js'
import { VocabularyEncoder } from './text-encoder.js'

/** Creates encoders of one data set for one model, and keeps pictures that it decoded. */
export class Encoders {
  readonly #data: DataSet
  readonly #facts: ModelFacts
  readonly #input: InputKind
  readonly #vocabulary: TextFacts | undefined
  #decoded: { readonly key: string; readonly source: PictureSource } | undefined

  /** @param vocabulary of the data, for models whose file has none */
  constructor(
    data: DataSet,
    facts: ModelFacts,
    input: InputKind,
    vocabulary: TextFacts | undefined,
  ) {
    this.#vocabulary = vocabulary
    this.#data = data
    this.#facts = facts
    this.#input = input
  }

  /** @throws FileError if the model can't take such data */
  async create(plan: EncodingPlan, options: DecodeOptions): Promise<Encoder> {
    const data = this.#data
    const input = this.#input
    const takes = `The model takes ${describeInputKind(input)}`
    switch (data.kind) {
      case 'pictures': {
        if (input.kind !== 'picture') {
          throw new FileError(`${takes}, not pictures. Drop x.npy and y.npy, or a table.`)
        }
        const size = sizeOfPictures(input, plan)
        const key = JSON.stringify(size)
        if (this.#decoded?.key !== key) {
          this.#decoded = { key, source: await decodePictures(data.pictures, size, options) }
        }
        return new PictureEncoder(this.#decoded.source, size, input.layout, plan.pixels.scaling)
      }
      case 'table':
        if (input.kind === 'picture') {
          throw new FileError(
            `${takes}, not rows of a table. Drop pictures in folders, or x.npy and y.npy.`,
          )
        }
        if (input.kind === 'numbers' && input.shape.length !== 1) {
          throw new FileError(`${takes}, not rows of a table. Drop x.npy and y.npy.`)
        }
        return input.kind === 'tokens'
          ? this.#createForTokens(data, input, plan)
          : new TableEncoder(data.table, plan.table, input.size, { parts: this.#facts.parts })
      case 'arrays':
        return this.#createForArrays(data, plan)
    }
  }

  /** A table of token ids, or of texts for which there is a vocabulary. */
  #createForTokens(
    { table }: DataSet & { kind: 'table' },
    { length }: InputKind & { kind: 'tokens' },
    plan: EncodingPlan,
  ): Encoder {
    const [spec] = this.#facts.inputs
    const dtype = spec?.dtype ?? 'float32'
    const columns = table.columns.filter(({ name }) => plan.table.features.includes(name))
    const [column] = columns
    if (column?.kind !== 'text') return new TableEncoder(table, plan.table, length, { dtype })
    if (columns.length > 1) {
      throw new FileError('The model takes one text. Choose one column.')
    }
    const facts = this.#facts.text ?? this.#vocabulary
    if (facts === undefined) {
      throw new FileError(
        'The model takes token ids, and its file has no vocabulary. Drop a vocabulary.txt with the texts, one token a line, where the line number from 0 is the id; or a .jsonl with lists of ids.',
      )
    }
    const labels = readLabelColumn(table, plan.table.label)
    return new VocabularyEncoder({ texts: column.cells, labels, facts, length, dtype })
  }

  #createForArrays(data: DataSet & { kind: 'arrays' }, plan: EncodingPlan): Encoder {
    const [spec] = this.#facts.inputs
    const own = fitShape(data.x.shape, spec?.shape ?? [])
    const input = this.#input
    if (input.kind !== 'picture' || !(data.x.data instanceof Uint8Array)) {
      return new ArrayEncoder(data.x, data.labels, own, spec?.dtype ?? 'float32')
    }
    if (input.layout === 'first' && input.channels !== 1) {
      throw new FileError(
        'The array has bytes, with the channels first. Write numpy.moveaxis(x, 1, -1), or floats as the model takes them.',
      )
    }
    const [height = 0, width = 0] = input.layout === 'last' ? own : own.slice(1)
    return new PictureEncoder(
      { pixels: data.x.data, labels: data.labels, problems: [], files: undefined },
      { width, height, channels: input.channels, fit: 'stretch' },
      input.layout,
      plan.pixels.scaling,
    )
  }
}

function sizeOfPictures(
  { width, height, channels }: InputKind & { kind: 'picture' },
  { pixels: { side, fit } }: EncodingPlan,
): { width: number; height: number; channels: 1 | 3; fit: EncodingPlan['pixels']['fit'] } {
  return { width: width ?? side, height: height ?? side, channels, fit }
}
