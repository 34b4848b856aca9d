import { InvalidArgumentError } from '../../errors.js'
import { isRecord } from '../../is-record.js'
import { describe } from '../../options.js'

/** The classes of layers that TensorFlow.js 4.22 loads. */
const layerNames: ReadonlySet<string> = new Set(
  (
    'Activation Add AlphaDropout Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization ' +
    'Bidirectional CategoryEncoding CenterCrop Concatenate Conv1D Conv2D Conv2DTranspose Conv3D Conv3DTranspose ' +
    'ConvLSTM2D ConvLSTM2DCell Cropping2D Dense DepthwiseConv2D Dot Dropout ELU Embedding Flatten Functional GRU ' +
    'GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D ' +
    'GlobalMaxPooling2D InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D ' +
    'MaxPooling3D Maximum Minimum Model Multiply PReLU Permute RNN RandomWidth ReLU RepeatVector Rescaling Reshape ' +
    'Resizing SeparableConv2D Sequential SimpleRNN SimpleRNNCell Softmax SpatialDropout1D StackedRNNCells ' +
    'ThresholdedReLU TimeDistributed UpSampling2D ZeroPadding2D'
  ).split(' '),
)

/**
 * Checks that a page without the caller's code can load the model.
 *
 * @param topology of a LayersModel
 * @throws InvalidArgumentError for a layer that TensorFlow.js doesn't have
 */
export function checkLayers(topology: object): void {
  for (const { name, className } of listLayers(topology)) {
    if (layerNames.has(className)) continue
    throw new InvalidArgumentError(
      'live.model',
      `the layer ${describe(name)} of the class ${describe(className)}`,
      'only layers that TensorFlow.js has, because the page does not contain your own; build the model without it',
    )
  }
}

interface FoundLayer {
  readonly name: unknown
  readonly className: string
}

/** The layers of a model, of the models within it, and of wrappers. */
function listLayers(value: unknown): FoundLayer[] {
  if (Array.isArray(value)) return value.flatMap(listLayers)
  if (!isRecord(value)) return []
  const { class_name: className, config } = value
  const inner = isRecord(config)
    ? [config['layers'], config['layer'], config['cell'], config['cells']]
    : [value['model_config']]
  const found = inner.flatMap(listLayers)
  if (typeof className !== 'string') return found
  const name = isRecord(config) ? config['name'] : undefined
  return [{ name, className }, ...found]
}
