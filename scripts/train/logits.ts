import * as tf from '@tensorflow/tfjs'
import type { Random } from '../data/random.js'

/**
 * Returns the logits in training mode. With a seed, tfjs's own Dropout layer draws the same mask at
 * every step, so the masks are drawn here; without `random` there is no dropout. The last layer stops before its softmax, because tfjs's
 * cross-entropy of probabilities has no gradient for an example that is confidently wrong.
 */
export function trainingLogits(
  net: Pick<tf.Sequential, 'layers'>,
  input: tf.Tensor,
  random: Random | undefined,
): tf.Tensor {
  const lastLayer = net.layers.length - 1
  return net.layers.reduce((activation, layer, index) => {
    if (layer.getClassName() === 'Dropout') {
      if (random === undefined) return activation
      return activation.mul(
        dropoutMask(activation.shape, Number(layer.getConfig()['rate']), random),
      )
    }
    if (index < lastLayer) return layer.apply(activation) as tf.Tensor
    const [kernel, bias] = layer.trainableWeights.map((weight) => weight.read())
    if (!kernel || !bias) throw new Error(`${layer.name} must be a dense layer with a bias`)
    return tf.matMul(activation, kernel as tf.Tensor2D).add(bias)
  }, input)
}

/** Zero with probability `rate`, otherwise 1 / (1 − rate), to keep the expected activation. */
function dropoutMask(shape: number[], rate: number, random: Random): tf.Tensor {
  const kept = 1 / (1 - rate)
  const mask = new Float32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < mask.length; i++) mask[i] = random() < rate ? 0 : kept
  return tf.tensor(mask, shape)
}
