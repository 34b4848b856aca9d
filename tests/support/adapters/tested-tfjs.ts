import * as tf from '@tensorflow/tfjs'
import type { Predictor } from 'gradlens'
import type {
  TestedAdapter,
  TestedPredictor,
  TestLayer,
  TestModel,
  TestWeight,
} from 'gradlens/testing'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { TestDevice } from '../devices/devices.js'

/** TensorFlow.js on a device, for the cases of gradlens/testing. */
export const testedTfjs = (
  device: TestDevice,
  refused: TestedAdapter['refused'],
): TestedAdapter<tf.Tensor> => ({
  device,
  refused,
  hasLayers: true,
  hasPaths: true,
  hasGpuBlocks: device === 'webgpu',
  lossFunction: (yTrue, yPred) => yTrue.sub(yPred).pow(4).sum(-1),
  create: (model) =>
    model.layers.some(({ kind }) => kind === 'attention')
      ? createFunction(model)
      : createLayersModel(model),
})

const tensorOf = ({ values, shape }: TestWeight): tf.Tensor => tf.tensor(values, [...shape])

function createLayersModel(model: TestModel): TestedPredictor<tf.Tensor> {
  const inputs = model.inputs.map(({ name, shape, integersBelow }) =>
    tf.input({
      name,
      shape: [...shape],
      dtype: integersBelow === undefined ? 'float32' : 'int32',
    }),
  )
  let tensors = inputs
  const layers = model.layers.map((layer) => {
    const [last, output] = applyLayer(layer, model, tensors)
    tensors = [output]
    return last
  })
  const built = tf.model({ inputs, outputs: tensors })
  const variables = built.weights.map((weight) => weight.read())
  const setWeights = (values: readonly Float32Array[]): void => {
    tf.tidy(() => {
      built.setWeights(values.map((own, k) => tensorOf({ ...model.weights[k]!, values: own })))
    })
  }
  setWeights(model.weights.map(({ values }) => values))
  const predictor = tfjsPredictor(built)
  // Freezing a layer moves its weights to the end of the list.
  const parameters = predictor.parameters.map(({ name }) => ({ name }))
  for (const [k, layer] of layers.entries()) {
    const own = weightsOf(model.layers[k]!).map((weight) => model.weights[weight]!)
    if (own.length > 0) layer.trainable = own.every(({ trainable }) => trainable)
  }
  return {
    predictor,
    parameters,
    layers,
    setWeights,
    dispose: () => {
      built.dispose()
      tf.dispose(variables)
    },
  }
}

const weightsOf = (layer: TestLayer): number[] => {
  switch (layer.kind) {
    case 'dense':
    case 'convolution':
      return [layer.kernel, layer.bias]
    case 'lookup':
      return [layer.table]
    default:
      return []
  }
}

/** Returns the layer with its output. */
function applyLayer(
  layer: TestLayer,
  { weights }: TestModel,
  inputs: readonly tf.SymbolicTensor[],
): [tf.layers.Layer, tf.SymbolicTensor] {
  const apply = (
    own: tf.layers.Layer,
    to: tf.SymbolicTensor | tf.SymbolicTensor[] = inputs[0]!,
  ): [tf.layers.Layer, tf.SymbolicTensor] => [own, own.apply(to) as tf.SymbolicTensor]
  switch (layer.kind) {
    case 'flatten': {
      const flat = inputs.map((input) =>
        input.shape.length === 2 ? input : apply(tf.layers.flatten(), input)[1],
      )
      return flat.length > 1
        ? apply(tf.layers.concatenate(), flat)
        : [tf.layers.flatten(), flat[0]!]
    }
    case 'dense': {
      const [units = 1] = weights[layer.bias]!.shape
      return apply(tf.layers.dense({ units, activation: layer.activation }))
    }
    case 'convolution': {
      const [height = 1, width = 1, , filters = 1] = weights[layer.kernel]!.shape
      const { padding, activation, strides } = layer
      const padded = apply(tf.layers.zeroPadding2d({ padding: [padding, padding] }))[1]
      const config = { filters, kernelSize: [height, width], activation, strides: [...strides] }
      return apply(tf.layers.conv2d(config), padded)
    }
    case 'lookup': {
      const [inputDim = 1, outputDim = 1] = weights[layer.table]!.shape
      return apply(tf.layers.embedding({ inputDim, outputDim }))
    }
    case 'mean':
      return apply(tf.layers.globalAveragePooling1d({}))
    case 'attention':
      throw new Error('TensorFlow.js has no layer for attention.')
  }
}

/** A function of tensors, for layers that TensorFlow.js does not have. */
function createFunction(model: TestModel): TestedPredictor<tf.Tensor> {
  const variables = model.weights.map((weight) =>
    tf.tidy(() => tf.variable(tensorOf(weight), weight.trainable)),
  )
  const predictor: Predictor<tf.Tensor> = tfjsPredictor({
    call: (x) => model.layers.reduce((tensor, layer) => callLayer(layer, tensor, variables), x),
    variables,
    inputs: model.inputs.map(({ name, shape }) => ({ name, shape })),
  })
  return {
    predictor,
    setWeights: (values) => {
      tf.tidy(() => {
        for (const [k, variable] of variables.entries()) {
          variable.assign(tensorOf({ ...model.weights[k]!, values: values[k]! }))
        }
      })
    },
    dispose: () => {
      tf.dispose(variables)
    },
  }
}

function callLayer(layer: TestLayer, x: tf.Tensor, variables: readonly tf.Variable[]): tf.Tensor {
  switch (layer.kind) {
    case 'attention': {
      const [, positions = 1, size = 1] = x.shape
      const isTimeMajor = layer.layout === 'timeMajor'
      const ordered = isTimeMajor ? x.transpose([1, 0, 2]) : x
      const multiply = (tensor: tf.Tensor, weight: number): tf.Tensor =>
        tf.matMul(tensor.reshape([-1, size]), variables[weight]!)
      const batchFirst = (tensor: tf.Tensor): tf.Tensor =>
        isTimeMajor
          ? tensor.reshape([positions, -1, size]).transpose([1, 0, 2])
          : tensor.reshape([-1, positions, size])
      const [q, k, v] = [layer.query, layer.key, layer.value].map((weight) =>
        batchFirst(multiply(ordered, weight)),
      )
      const scores = tf.softmax(tf.matMul(q!, k!, false, true).div(Math.sqrt(size)))
      const attended = tf.matMul(scores, v!)
      const output = multiply(isTimeMajor ? attended.transpose([1, 0, 2]) : attended, layer.output)
      return batchFirst(output)
    }
    case 'mean':
      return x.mean(1)
    case 'dense': {
      const output = tf.matMul(x, variables[layer.kernel]!).add(variables[layer.bias]!)
      return layer.activation === 'softmax' ? tf.softmax(output) : output
    }
    default:
      throw new Error(`a function for ${layer.kind} is not written.`)
  }
}
