import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { TestDevice } from '../devices/devices.js'
import { disposedAfterTest, setWeights } from '../models/models.js'
import type { PredictorKind, Weights } from './predictor-conformance.js'

/** LayersModels on a device. */
export function tfjsKind(
  device: TestDevice,
  refused: PredictorKind<tf.Tensor>['refused'],
): PredictorKind<tf.Tensor> {
  return {
    create: ({ weights, activations, inputShapes }) => {
      const inputs = inputShapes.map((shape) => tf.input({ shape: [...shape] }))
      const flat = inputs.map((input) =>
        input.shape.length > 2 ? (tf.layers.flatten().apply(input) as tf.SymbolicTensor) : input,
      )
      const joined = flat.length === 1 ? flat[0]! : tf.layers.concatenate().apply(flat)
      const outputs = activations.reduce(
        (tensor, activation, layer) =>
          tf.layers
            .dense({ units: weights[2 * layer + 1]!.length, activation })
            .apply(tensor) as tf.SymbolicTensor,
        joined as tf.SymbolicTensor,
      )
      const model = disposedAfterTest(tf.model({ inputs, outputs }))
      setWeights(model, weights)
      return {
        predictor: tfjsPredictor(model),
        setWeights: (changed: readonly Weights[]) => {
          setWeights(model, changed)
        },
      }
    },
    device,
    refused,
    fourthPowers: (yTrue, yPred) => yTrue.sub(yPred).pow(4).sum(-1),
  }
}
