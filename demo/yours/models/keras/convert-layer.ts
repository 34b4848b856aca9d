import { isRecord } from '../../is-record.js'
import { refuse } from './refuse.js'

export type Config = Record<string, unknown>

/** The configuration without some of its options. */
export const omit = (config: Config, ...options: readonly string[]): Config =>
  Object.fromEntries(Object.entries(config).filter(([option]) => !options.includes(option)))

type Reader = (config: Config, layer: string) => Config

/** Activations that TensorFlow.js computes as Keras 3 does, by Keras's name. */
const activations: ReadonlyMap<string, string> = new Map([
  ...[
    ...['elu', 'gelu', 'linear', 'mish', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus'],
    ...['softsign', 'swish', 'tanh'],
  ].map((name) => [name, name] as const),
  ['silu', 'swish'],
])

/** Drops options of these values, and refuses them with others. */
const only =
  (allowed: Config): Reader =>
  (config, layer) => {
    const left = { ...config }
    for (const [option, value] of Object.entries(allowed)) {
      const given = left[option] ?? value
      if (given !== value) refuse(`${layer} with ${option}=${JSON.stringify(given)}`)
      Reflect.deleteProperty(left, option)
    }
    return left
  }

const same: Reader = (config) => config
const ungrouped = only({ groups: 1 })
const flatPool = only({ keepdims: false })
const recurrent = only({ zero_output_for_mask: false })

const leakyReLU: Reader = ({ negative_slope: alpha, ...config }) => ({ ...config, alpha })

const conv1D: Reader = (config, layer) => {
  if (config['padding'] === 'causal') refuse(`${layer} with padding='causal'`)
  return ungrouped(config, layer)
}

const transposed: Reader = (config, layer) => {
  const dilation = config['dilation_rate']
  if (Array.isArray(dilation) && dilation.some((rate) => rate !== 1)) {
    refuse(`${layer} with dilation_rate=${JSON.stringify(dilation)}`)
  }
  return only({ output_padding: null })(omit(config, 'groups', 'dilation_rate'), layer)
}

const gru: Reader = (config, layer) => {
  if (config['reset_after'] !== false) {
    refuse(
      `${layer} with reset_after=True`,
      'Build the layer with reset_after=False, or export the model to ONNX.',
    )
  }
  return recurrent(config, layer)
}

/** How each layer's own options are read. A layer that isn't here is refused. */
const readers: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(
    [
      ...['Activation', 'Add', 'AlphaDropout', 'Average', 'AveragePooling1D', 'AveragePooling2D'],
      ...['AveragePooling3D', 'Bidirectional', 'Concatenate', 'Cropping2D', 'Dense', 'Dot'],
      ...['DepthwiseConv2D', 'Dropout', 'ELU', 'Embedding', 'Flatten', 'GaussianDropout'],
      ...['GaussianNoise', 'Masking', 'MaxPooling1D', 'MaxPooling2D', 'MaxPooling3D', 'Maximum'],
      ...['Minimum', 'Multiply', 'PReLU', 'Permute', 'RepeatVector', 'Rescaling', 'Reshape'],
      ...['Softmax', 'SpatialDropout1D', 'TimeDistributed', 'ZeroPadding2D'],
    ].map((name) => [name, same] as const),
  ),
  BatchNormalization: only({
    synchronized: false,
    renorm: false,
    renorm_clipping: null,
    renorm_momentum: 0.99,
  }),
  Conv1D: conv1D,
  Conv2D: ungrouped,
  Conv2DTranspose: transposed,
  Conv3D: ungrouped,
  GRU: gru,
  GlobalAveragePooling1D: flatPool,
  GlobalAveragePooling2D: flatPool,
  GlobalMaxPooling1D: flatPool,
  GlobalMaxPooling2D: flatPool,
  InputLayer: only({ sparse: false, ragged: false, optional: false }),
  LSTM: recurrent,
  LayerNormalization: only({ rms_scaling: false }),
  LeakyReLU: leakyReLU,
  ReLU: only({ negative_slope: 0, threshold: 0 }),
  SeparableConv2D: ungrouped,
  SimpleRNN: recurrent,
  UpSampling2D: only({ interpolation: 'nearest' }),
}

/** Options that only Keras 3 has and that don't change what a trained layer computes. */
const dropped: ReadonlySet<string> = new Set([
  ...['quantization_config', 'lora_rank', 'lora_alpha', 'seed', 'autocast', 'use_cudnn'],
])

/**
 * Converts the configuration of a layer from Keras 3's form to Keras 2's, which TensorFlow.js reads.
 *
 * @param layer the layer in messages
 * @throws FileError for a layer, activation or option without an equal
 */
export function convertLayer(className: string, config: Config, layer: string): Config {
  const reader = readers[className]
  if (reader === undefined) refuse(layer)
  const plain: Config = Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => !dropped.has(key))
      .map(([key, value]) => [key, unwrap(value)]),
  )
  checkDtype(plain['dtype'], layer, className === 'InputLayer')
  for (const option of ['activation', 'recurrent_activation']) {
    if (option in plain) plain[option] = convertActivation(plain[option], option, layer)
  }
  const { data_format: format, batch_shape: batchShape, ...own } = plain
  if (format === 'channels_first') refuse(`${layer} with data_format='channels_first'`)
  const read = reader(own, layer)
  return className === 'InputLayer' ? { ...read, batch_input_shape: batchShape } : read
}

/** Of Keras 3's serialized objects: a policy is its name, the others lose their module. */
function unwrap(value: unknown): unknown {
  if (!isRecord(value) || !('class_name' in value && 'config' in value)) return value
  const { class_name: name, config } = value
  if (typeof name === 'string' && name.endsWith('DTypePolicy') && isRecord(config)) {
    return config['name']
  }
  return { class_name: name, config }
}

function convertActivation(activation: unknown, option: string, layer: string): string {
  if (activation === null) return 'linear'
  const known = typeof activation === 'string' ? activations.get(activation) : undefined
  if (known !== undefined) return known
  const shown = typeof activation === 'string' ? `'${activation}'` : 'a function of its own'
  return refuse(`${layer} with ${option}=${shown}`)
}

function checkDtype(dtype: unknown, layer: string, isInput: boolean): void {
  const accepted: unknown[] = isInput ? ['float32', 'int32', 'bool', null] : ['float32', null]
  if (dtype !== undefined && !accepted.includes(dtype)) {
    refuse(`${layer} with dtype ${JSON.stringify(dtype)}`, "Build the model with dtype 'float32'.")
  }
}
