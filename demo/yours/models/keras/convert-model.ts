import { isRecord } from '../../is-record.js'
import { convertLayer, omit, type Config } from './convert-layer.js'
import { refuse } from './refuse.js'

/** A layer or model as Keras 3 serializes it. */
export interface Serialized {
  readonly class_name: string
  readonly config: Config & { readonly name: string }
  readonly inbound_nodes?: readonly Node[]
}

interface Node {
  readonly args: unknown
  readonly kwargs: Readonly<Record<string, unknown>>
}

export interface Converted {
  readonly class_name: string
  readonly config: Config
}

const models: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model'])

/** Arguments of a call that inference doesn't need, with the values that change nothing. */
const idleArguments: Readonly<Record<string, readonly unknown[]>> = {
  mask: [null],
  training: [null, false],
}

export const isModel = ({ class_name: name }: Serialized): boolean => models.has(name)

export const layersOf = ({ config }: Serialized): readonly Serialized[] =>
  config['layers'] as readonly Serialized[]

/** The layer in messages. */
export const nameLayer = ({ class_name: kind, config: { name } }: Serialized): string =>
  `the layer '${name}' (${kind})`

/** Converts a model's configuration from Keras 3's form to Keras 2's. @throws FileError */
export function convertModel(model: Serialized): Converted {
  if (!isModel(model)) {
    refuse(`${model.class_name}, a class of its own,`)
  }
  refuseMaskedAverage(model)
  return convert(model)
}

function convert(serialized: Serialized): Converted {
  const { class_name: className, config } = serialized
  const layer = nameLayer(serialized)
  const inner = config['layer'] as Serialized | undefined
  switch (className) {
    case 'Sequential':
      return {
        class_name: className,
        config: { name: config.name, layers: layersOf(serialized).map(convert) },
      }
    case 'Functional':
    case 'Model':
      return { class_name: 'Model', config: convertGraph(serialized) }
    case 'Bidirectional':
      return { class_name: className, config: convertBidirectional(config, layer) }
    case 'TimeDistributed': {
      if (inner === undefined) refuse(layer)
      return {
        class_name: className,
        config: { ...convertLayer(className, omit(config, 'layer'), layer), layer: convert(inner) },
      }
    }
    default:
      return { class_name: className, config: convertLayer(className, config, layer) }
  }
}

function convertBidirectional(config: Config, layer: string): Config {
  const { layer: forwardGiven, backward_layer: backwardGiven, ...own } = config
  const forward = convert(forwardGiven as Serialized)
  const backward = convert(backwardGiven as Serialized)
  const comparable = ({ config: side }: Converted): string =>
    JSON.stringify(Object.entries(omit(side, 'name', 'go_backwards')).sort())
  if (forward.class_name !== backward.class_name || comparable(forward) !== comparable(backward)) {
    refuse(`${layer} with a backward_layer of its own`)
  }
  // TensorFlow.js adds the prefix itself.
  const name = String(forward.config['name']).replace(/^forward_/, '')
  return {
    ...convertLayer('Bidirectional', own, layer),
    layer: { ...forward, config: { ...forward.config, name } },
  }
}

type History = readonly [layer: string, call: number, output: number]

function convertGraph(model: Serialized): Config {
  const { config } = model
  // The first call of a model within a model is its own construction in TensorFlow.js.
  const inner = new Set(
    layersOf(model)
      .filter(isModel)
      .map((own) => own.config.name),
  )
  const shift = ([layer, call, output]: History): History => [
    layer,
    call + Number(inner.has(layer)),
    output,
  ]
  return {
    name: config.name,
    layers: layersOf(model).map((layer) => ({
      ...convert(layer),
      name: layer.config.name,
      inbound_nodes: (layer.inbound_nodes ?? []).map((node) => convertNode(node, layer, shift)),
    })),
    input_layers: listTensors(config['input_layers'], 'inputs').map(shift),
    output_layers: listTensors(config['output_layers'], 'outputs').map(shift),
  }
}

function convertNode(
  { args, kwargs }: Node,
  layer: Serialized,
  shift: (history: History) => History,
): unknown[] {
  for (const [argument, value] of Object.entries(kwargs)) {
    if (!(idleArguments[argument] ?? []).includes(value)) {
      refuse(`${nameLayer(layer)}, called with ${argument}=${JSON.stringify(value)},`)
    }
  }
  return findHistories(args).map((history) => [...shift(history), {}])
}

/** What the tensors of a call came from. */
function findHistories(value: unknown): History[] {
  if (Array.isArray(value)) return value.flatMap(findHistories)
  if (!isRecord(value) || value['class_name'] !== '__keras_tensor__') return []
  return [(value['config'] as { readonly keras_history: History }).keras_history]
}

function listTensors(tensors: unknown, what: string): History[] {
  if (Array.isArray(tensors)) {
    if (typeof tensors[0] === 'string') return [tensors as unknown as History]
    if (tensors.every(Array.isArray)) return tensors as unknown as History[]
  }
  return refuse(`a model whose ${what} are a dictionary`, 'Build it with a list of tensors.')
}

/** Refuses an average over a masked sequence, where TensorFlow.js counts the padding too. */
function refuseMaskedAverage(model: Serialized): void {
  const all = listLayers(model)
  const isMasked = all.some(
    ({ class_name: kind, config }) => kind === 'Masking' || config['mask_zero'] === true,
  )
  const average = all.find(({ class_name: kind }) => kind === 'GlobalAveragePooling1D')
  if (isMasked && average !== undefined) refuse(`${nameLayer(average)} of a model with masks`)
}

function listLayers(model: Serialized): Serialized[] {
  return layersOf(model).flatMap((layer) => (isModel(layer) ? listLayers(layer) : [layer]))
}
