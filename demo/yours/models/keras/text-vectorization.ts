import type { NamedFile } from '../../files/named-file.js'
import type { TextFacts } from '../model-facts.js'
import { layersOf, type Serialized } from './convert-model.js'
import { refuse } from './refuse.js'

export interface TextModel {
  /** The model from the token ids on. */
  readonly model: Serialized
  /** Undefined for a model that doesn't begin with texts. */
  readonly text: TextFacts | undefined
}

const standardizations = ['lower_and_strip_punctuation', 'lower', 'strip_punctuation'] as const

/**
 * Takes the TextVectorization off the beginning of a model: its output becomes the input, and its
 * vocabulary converts texts.
 *
 * @throws FileError for options that aren't those of a plain vocabulary
 */
export async function splitTextVectorization(
  model: Serialized,
  files: readonly NamedFile[],
): Promise<TextModel> {
  const layer = layersOf(model).find(({ class_name: kind }) => kind === 'TextVectorization')
  if (layer === undefined) return { model, text: undefined }
  const { config } = layer
  const what = `the layer '${config.name}' (TextVectorization)`
  if (
    config['output_mode'] !== 'int' ||
    config['ngrams'] !== null ||
    config['split'] !== 'whitespace'
  ) {
    refuse(`${what} with other options than output_mode='int', split='whitespace' and no ngrams`)
  }
  const standardize = standardizations.find((name) => name === config['standardize'])
  if (standardize === undefined && config['standardize'] !== null) {
    refuse(`${what} with a standardization of its own`)
  }
  const file = files.find(({ path }) => path.endsWith('text_vectorization/vocabulary.txt'))
  const vocabulary =
    (await file?.blob.text())?.split('\n') ?? (config['vocabulary'] as string[] | null) ?? []
  if (vocabulary.length === 0)
    refuse(`${what} without a vocabulary`, 'Call adapt and save the model again.')
  const length = (config['output_sequence_length'] as number | null) ?? null
  const input: Serialized = {
    class_name: 'InputLayer',
    config: { name: config.name, batch_shape: [null, length], dtype: 'int32' },
    inbound_nodes: [],
  }
  const layers = layersOf(model)
    .filter(
      ({ class_name: kind, config: own }) => kind !== 'InputLayer' || own['dtype'] !== 'string',
    )
    .map((own) => (own === layer ? input : own))
  return {
    model: {
      ...model,
      config: { ...model.config, layers, input_layers: [config.name, 0, 0] },
    },
    text: {
      vocabulary,
      length,
      standardize: standardize ?? 'none',
      source: `the layer '${config.name}' of the model`,
    },
  }
}
