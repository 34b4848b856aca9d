import { Dataset, File, Group } from 'jsfive'
import { FileError } from '../../files/named-file.js'
import { sizeOf } from '../opened-model.js'
import { isModel, layersOf, nameLayer, type Serialized } from './convert-model.js'

/** A weight with the name by which TensorFlow.js finds it. */
export interface KerasWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/**
 * Reads the weights of a model from model.weights.h5, which numbers them within groups that are
 * named after the classes of the layers.
 *
 * @throws FileError for a damaged file, and for weights that are missing
 */
export function readWeights(bytes: ArrayBuffer, model: Serialized): KerasWeight[] {
  let file: File
  try {
    file = new File(bytes, 'model.weights.h5')
  } catch (cause) {
    throw new FileError(
      'model.weights.h5 in the .keras file is not an HDF5 file. Save the model again.',
      { cause },
    )
  }
  return readModel(file, model, '')
}

function readModel(file: File, model: Serialized, path: string): KerasWeight[] {
  const counts = new Map<string, number>()
  return layersOf(model).flatMap((layer) => {
    const kind = toSnakeCase(layer.class_name)
    const count = counts.get(kind) ?? 0
    counts.set(kind, count + 1)
    const own = `${path}layers/${count === 0 ? kind : `${kind}_${count}`}/`
    return isModel(layer) ? readModel(file, layer, own) : readLayer(file, layer, own, '')
  })
}

const recurrent: ReadonlySet<string> = new Set(['GRU', 'LSTM', 'SimpleRNN'])

/** @param scope the names of the layers around it, with slashes */
function readLayer(file: File, layer: Serialized, path: string, scope: string): KerasWeight[] {
  const { class_name: kind, config } = layer
  const name = `${scope}${config.name}/`
  if (kind === 'Bidirectional') {
    return (['layer', 'backward_layer'] as const).flatMap((side) =>
      readLayer(
        file,
        config[side] as Serialized,
        `${path}${side === 'layer' ? 'forward_layer' : side}/`,
        name,
      ),
    )
  }
  if (kind === 'TimeDistributed') {
    return readLayer(file, config['layer'] as Serialized, `${path}layer/`, name)
  }
  const names = nameWeights(kind, config)
  const vars = `${path}${recurrent.has(kind) ? 'cell/' : ''}vars`
  return names.map((own, index) => {
    const dataset = find(file, `${vars}/${index}`)
    if (!(dataset instanceof Dataset)) {
      throw new FileError(
        `The .keras file has no '${own}' of ${nameLayer(layer)}. Save the model again.`,
      )
    }
    if (dataset.dtype !== '<f4') {
      throw new FileError(
        `The weights of ${nameLayer(layer)} are ${dataset.dtype}. Save the model in float32.`,
      )
    }
    const values = Float32Array.from(dataset.value)
    if (values.length !== sizeOf(dataset.shape)) {
      throw new FileError(`'${own}' of ${nameLayer(layer)} is cut off. Save the model again.`)
    }
    return { name: `${name}${own}`, shape: dataset.shape, values }
  })
}

function find(file: File, path: string): Group | Dataset | undefined {
  try {
    return file.get(path)
  } catch {
    return undefined
  }
}

/** The weights of a layer in Keras's order, by the names of TensorFlow.js. */
function nameWeights(kind: string, config: Serialized['config']): string[] {
  const bias = config['use_bias'] === false ? [] : ['bias']
  const affine = [
    ...(config['scale'] === false ? [] : ['gamma']),
    ...(config['center'] === false ? [] : ['beta']),
  ]
  switch (kind) {
    case 'Dense':
    case 'Conv1D':
    case 'Conv2D':
    case 'Conv2DTranspose':
    case 'Conv3D':
      return ['kernel', ...bias]
    case 'DepthwiseConv2D':
      return ['depthwise_kernel', ...bias]
    case 'SeparableConv2D':
      return ['depthwise_kernel', 'pointwise_kernel', ...bias]
    case 'BatchNormalization':
      return [...affine, 'moving_mean', 'moving_variance']
    case 'LayerNormalization':
      return affine
    case 'Embedding':
      return ['embeddings']
    case 'PReLU':
      return ['alpha']
    case 'GRU':
    case 'LSTM':
    case 'SimpleRNN':
      return ['kernel', 'recurrent_kernel', ...bias]
    default:
      return []
  }
}

/** As Keras names groups: 'Conv2DTranspose' is 'conv2d_transpose'. */
const toSnakeCase = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
