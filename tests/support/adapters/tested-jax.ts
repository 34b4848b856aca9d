import { init, lax, nn, numpy as np } from '@jax-js/jax'
import type { ArraySpec } from 'gradlens'
import type { TestActivation, TestedAdapter, TestLayer, TestModel } from 'gradlens/testing'
import { jaxPredictor, type JaxWeights } from '../../../docs/models/adapters.md?adapter.js'

/** The adapter that docs/models/adapters.md shows, for the cases of gradlens/testing. */
export const testedJax: TestedAdapter<np.Array> = {
  device: 'wasm',
  refused: { device: 'cpu', allowSoftware: true },
  losses: ['meanSquaredError', 'categoricalCrossentropyFromLogits'],
  hasPositions: false,
  freezes: false,
  lossFunction: (yTrue, yPred) => np.square(np.square(yTrue.sub(yPred))).sum(-1),
  create: async (model) => {
    await init('wasm')
    const weights = Object.fromEntries(
      model.weights.map(({ name, values, shape }) => [name, np.array(values).reshape([...shape])]),
    )
    const inputs = model.inputs.map(({ name, shape, integersBelow }): ArraySpec => ({
      name,
      shape,
      dtype: integersBelow === undefined ? 'float32' : 'int32',
    }))
    const f = (own: JaxWeights, ...x: np.Array[]): np.Array => callModel(model, own, x)
    const { outputShape } = model
    return {
      predictor: jaxPredictor(f, weights, { inputs, outputShape }),
      dispose: () => {
        for (const weight of Object.values(weights)) weight.dispose()
      },
    }
  },
}

/** Consumes the weights and the inputs, as jax-js requires. */
function callModel(model: TestModel, weights: JaxWeights, inputs: readonly np.Array[]): np.Array {
  const weight = (index: number): np.Array => weights[model.weights[index]!.name]!
  const [first, ...others] = model.layers
  return others.reduce(
    (x, layer) => callLayer(layer, [x], weight),
    callLayer(first!, inputs, weight),
  )
}

function callLayer(
  layer: TestLayer,
  inputs: readonly np.Array[],
  weight: (index: number) => np.Array,
): np.Array {
  const x = inputs[0]!
  switch (layer.kind) {
    case 'flatten':
      return np.concatenate(inputs.map((input) => input.reshape([-1])))
    case 'dense':
      return activate(np.dot(x, weight(layer.kernel)).add(weight(layer.bias)), layer.activation)
    case 'convolution': {
      const image = np.transpose(x, [2, 0, 1])
      const kernel = np.transpose(weight(layer.kernel), [3, 2, 0, 1])
      const { padding, strides, bias, activation } = layer
      const pads: [number, number][] = [
        [padding, padding],
        [padding, padding],
      ]
      const batch = image.reshape([1, ...image.shape])
      const output = lax.convGeneralDilated(batch, kernel, [...strides], pads)
      const last = np.transpose(output.reshape(output.shape.slice(1)), [1, 2, 0])
      return activate(last.add(weight(bias)), activation)
    }
    case 'lookup':
      return np.take(weight(layer.table), x, 0)
    case 'attention': {
      const [, size = 1] = x.shape
      const q = np.dot(x.ref, weight(layer.query))
      const k = np.dot(x.ref, weight(layer.key))
      const v = np.dot(x, weight(layer.value))
      const scores = nn.softmax(np.dot(q, np.transpose(k)).mul(1 / Math.sqrt(size)), -1)
      return np.dot(np.dot(scores, v), weight(layer.output))
    }
    case 'mean':
      return x.mean(0)
  }
}

function activate(x: np.Array, activation: TestActivation): np.Array {
  switch (activation) {
    case 'linear':
      return x
    case 'relu':
      return nn.relu(x)
    case 'tanh':
      return np.tanh(x)
    case 'sigmoid':
      return nn.sigmoid(x)
    case 'softmax':
      return nn.softmax(x, -1)
  }
}
