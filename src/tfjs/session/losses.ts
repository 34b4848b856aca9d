import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { LossName } from '../../predictor.js'
import type { TapeNode } from '../engine/engine.js'

/** The kernels whose calls must be on the tape for this module. */
export const lossKernels: readonly string[] = ['Softmax', 'Sigmoid']

/** A gradient, and the tensor on the tape that it belongs to. */
export interface Seed {
  readonly tensor: Tensor
  readonly gradient: Tensor
}

/**
 * The gradient of a named loss, example by example, where the backward pass starts: at the logits if the
 * model ends in softmax or sigmoid and the loss is a cross-entropy (there it is p − y, also where the
 * probability of the label underflows), else at the output.
 *
 * The loss of one example is the mean over its positions (and, as Keras has it, over the last axis for all
 * but the categorical ones). `y` has the output's shape; for the sparse losses, without its last axis.
 */
export function lossSeed(
  name: LossName,
  y: Tensor,
  output: Tensor,
  tape: readonly TapeNode[],
): Seed {
  const seedAt = (tensor: Tensor, gradient: Tensor): Seed => ({
    tensor,
    gradient: gradient.reshape(tensor.shape),
  })
  switch (name) {
    case 'sparseCategoricalCrossentropy':
    case 'sparseCategoricalCrossentropyFromLogits': {
      const classCount = output.shape.at(-1) ?? 1
      const oneHot = tf.oneHot(y.toInt(), classCount).toFloat()
      const dense =
        name === 'sparseCategoricalCrossentropy'
          ? 'categoricalCrossentropy'
          : 'categoricalCrossentropyFromLogits'
      return lossSeed(dense, oneHot, output, tape)
    }
    case 'categoricalCrossentropy': {
      const logits = preActivation('Softmax', 'logits', output, tape)
      if (logits === undefined)
        return seedAt(output, perPosition(probabilityGradient(y, output), output))
      return seedAt(logits.tensor, perPosition(softmaxGradient(y, output), output))
    }
    case 'categoricalCrossentropyFromLogits':
      return seedAt(output, perPosition(softmaxGradient(y, tf.softmax(output)), output))
    case 'binaryCrossentropy': {
      const logits = preActivation('Sigmoid', 'x', output, tape)
      if (logits !== undefined) {
        const gradient = sigmoidGradient(y, logits.value.reshape(output.shape))
        return seedAt(logits.tensor, perElement(gradient, output))
      }
      const gradient = tf.sub(output, y).div(output.mul(tf.sub(1, output)))
      return seedAt(output, perElement(gradient, output))
    }
    case 'binaryCrossentropyFromLogits':
      return seedAt(output, perElement(sigmoidGradient(y, output), output))
    case 'meanSquaredError':
      return seedAt(output, perElement(tf.sub(output, y).mul(2), output))
    case 'meanAbsoluteError':
      return seedAt(output, perElement(tf.sign(tf.sub(output, y)), output))
  }
}

/** p Σy − y, the entry of the likeliest class from the others: Σ(p Σy − y) = 0, and 1 − p cancels near p = 1. */
function softmaxGradient(y: Tensor, p: Tensor): Tensor {
  const lastAxis = p.rank - 1
  const gradient = p.mul(y.sum(lastAxis, true)).sub(y)
  const likeliest = tf.oneHot(p.argMax(lastAxis), p.shape[lastAxis] ?? 1).toFloat()
  const others = gradient.mul(tf.sub(1, likeliest))
  return others.sub(likeliest.mul(others.sum(lastAxis, true)))
}

/** σ(z) − y, without the cancellation of 1 − σ(z). */
function sigmoidGradient(y: Tensor, logits: Tensor): Tensor {
  return tf
    .sub(1, y)
    .mul(tf.sigmoid(logits))
    .sub(y.mul(tf.sigmoid(logits.neg())))
}

/** Of −Σ y log(p / Σp), the form for outputs that no softmax has normalised. An absent class adds nothing. */
function probabilityGradient(y: Tensor, p: Tensor): Tensor {
  const lastAxis = p.rank - 1
  const share = tf.where(y.equal(0), tf.zerosLike(y), y.div(p))
  return y.sum(lastAxis, true).div(p.sum(lastAxis, true)).sub(share)
}

/** From a sum over positions to their mean. */
function perPosition(gradient: Tensor, output: Tensor): Tensor {
  const positions = tf.util.sizeFromShape(output.shape.slice(1, -1))
  return positions === 1 ? gradient : gradient.div(positions)
}

/** From a sum over all of an example's outputs to their mean. */
function perElement(gradient: Tensor, output: Tensor): Tensor {
  const elements = tf.util.sizeFromShape(output.shape.slice(1))
  return elements === 1 ? gradient : gradient.div(elements)
}

/** What went into the activation that made the output, if the model ends in that one. */
function preActivation(
  kernelName: string,
  inputName: string,
  output: Tensor,
  tape: readonly TapeNode[],
): { tensor: Tensor; value: Tensor } | undefined {
  let id = output.id
  for (const node of tape.toReversed()) {
    const made = node.outputs.find((tensor) => tensor.id === id)
    if (made === undefined) continue
    const tensor = node.inputs[inputName]
    const value = node.call?.inputs[inputName]
    if (node.kernelName === kernelName && tensor !== undefined && value !== undefined) {
      return { tensor, value }
    }
    const keepsValues = node.kernelName === 'Identity' || node.kernelName === 'Reshape'
    const before = node.inputs['x']
    if (!keepsValues || before?.shape.at(-1) !== made.shape.at(-1)) return undefined
    id = before?.id ?? -1
  }
  return undefined
}
