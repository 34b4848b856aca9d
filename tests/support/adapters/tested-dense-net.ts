import type { NdArray } from 'gradlens'
import type { TestedAdapter, TestModel } from 'gradlens/testing'
import { type DenseLayer, densePredictor } from '../models/dense-net.js'

/** The dense net in plain TypeScript, for the cases of gradlens/testing. */
export const testedDenseNet: TestedAdapter<NdArray> = {
  device: 'cpu',
  refused: { device: 'wasm', allowSoftware: true },
  layerKinds: ['flatten', 'dense'],
  hasLayers: true,
  hasPositions: false,
  lossFunction: (yTrue, yPred) => ({
    data: Float64Array.of(
      [...yPred.data].reduce((sum, value, k) => sum + (yTrue.data[k]! - value) ** 4, 0),
    ),
    shape: [],
  }),
  create: (model) => {
    const layers = denseLayersOf(model, valuesOf(model))
    return {
      predictor: densePredictor(layers, { inputShapes: model.inputs.map(({ shape }) => shape) }),
      // The layers are found by their numbers, which leave out flatten.
      layers: model.layers.map((_, k) => k - 1),
      setWeights: (values) => {
        layers.splice(0, layers.length, ...denseLayersOf(model, values))
      },
    }
  },
}

const valuesOf = ({ weights }: TestModel): Float32Array[] => weights.map(({ values }) => values)

function denseLayersOf(model: TestModel, values: readonly Float32Array[]): DenseLayer[] {
  return model.layers.flatMap((layer) => {
    if (layer.kind !== 'dense') return []
    const { shape, trainable } = model.weights[layer.kernel]!
    const [inputSize = 1, outputSize = 1] = shape
    const kernel = Array.from({ length: inputSize }, (_, i) => [
      ...values[layer.kernel]!.subarray(i * outputSize, (i + 1) * outputSize),
    ])
    const { activation } = layer
    return [{ kernel, bias: [...values[layer.bias]!], activation, trainable }]
  })
}
