import * as tf from '@tensorflow/tfjs'

/** The number of path points of integrated gradients in the whole benchmark. */
export const stepCount = 50

/** Sums the losses of a batch, as a page would do. */
function summedLoss(model: tf.LayersModel, x: tf.Tensor, y: tf.Tensor): tf.Scalar {
  const predictions = model.apply(x, { training: false }) as tf.Tensor
  return tf.metrics.categoricalCrossentropy(y, predictions).sum()
}

/** Returns the gradient of the summed loss for all weights, in JavaScript's memory. */
export function weightGradients(
  model: tf.LayersModel,
  x: tf.Tensor,
  y: tf.Tensor,
): Promise<Float32Array[]> {
  const { value, grads } = tf.variableGrads(() => summedLoss(model, x, y))
  value.dispose()
  return download(Object.values(grads))
}

/** Returns the gradient for the inputs, through every layer but without gradients of weights. */
export function inputGradients(
  model: tf.LayersModel,
  x: tf.Tensor,
  y: tf.Tensor,
): Promise<Float32Array[]> {
  return download([tf.grad((input: tf.Tensor) => summedLoss(model, input, y))(x)])
}

/** Returns ∂f[target] / ∂x at each point of the path from zero to x. */
export function pathGradients(
  model: tf.LayersModel,
  x: tf.Tensor,
  target: number,
): Promise<Float32Array[]> {
  const gradients = tf.tidy(() => {
    const rank = x.rank - 1
    const steps = tf.range(1, stepCount + 1).div(stepCount)
    const path = steps.reshape([stepCount, ...new Array<number>(rank).fill(1)]).mul(x)
    return tf.grad((points: tf.Tensor) => {
      const outputs = model.apply(points, { training: false }) as tf.Tensor
      return outputs.slice([0, target], [stepCount, 1]).sum()
    })(path)
  })
  return download([gradients])
}

async function download(tensors: tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()))
  tf.dispose(tensors)
  return values
}
