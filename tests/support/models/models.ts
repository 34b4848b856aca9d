import * as tf from '@tensorflow/tfjs'
import { onTestFinished } from 'vitest'

type Nested = number | readonly Nested[]

type ActivationName = NonNullable<Parameters<typeof tf.layers.dense>[0]['activation']>

/** A model that is disposed when the test ends. */
export function disposedAfterTest<Model extends tf.LayersModel>(model: Model): Model {
  // A layer that is used twice outlives its model.dispose().
  const variables = model.weights.map((weight) => weight.read())
  onTestFinished(() => {
    if (variables.some((variable) => !variable.isDisposed)) model.dispose()
    for (const variable of variables) if (!variable.isDisposed) variable.dispose()
  })
  return model
}

/** Dense layers of the given activations, with weights in the order kernel, bias, kernel, bias, … */
export function denseNet(
  weights: readonly Nested[],
  activations: readonly ActivationName[],
): tf.Sequential {
  const kernelShape = (layer: number): number[] => {
    const kernel = weights[2 * layer] as readonly (readonly number[])[]
    return [kernel.length, kernel[0]?.length ?? 0]
  }
  const model = tf.sequential({
    layers: activations.map((activation, layer) =>
      tf.layers.dense({
        units: kernelShape(layer)[1] ?? 1,
        activation,
        ...(layer === 0 ? { inputShape: [kernelShape(0)[0] ?? 1] } : {}),
      }),
    ),
  })
  setWeights(model, weights)
  return disposedAfterTest(model)
}

export function setWeights(model: tf.LayersModel, weights: readonly Nested[]): void {
  tf.tidy(() => {
    model.setWeights(weights.map((values) => tf.tensor(values as number[])))
  })
}
