import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { PositionLoss } from '../../losses/loss.js'
import { isFocal } from '../../losses/names.js'
import type { TapeNode } from '../engine/engine.js'
import {
  binaryGradient,
  shareGradient,
  sigmoidGradient,
  softmaxGradient,
} from './cross-entropies.js'
import {
  binaryFocalGradient,
  binaryFocalLogitGradient,
  shareFocalGradient,
  softmaxFocalGradient,
} from './focal-losses.js'
import { categoricalHingeGradient, hingeGradient, squaredHingeGradient } from './hinge-losses.js'

/** The kernels whose calls must be on the tape for this module. */
export const lossKernels: readonly string[] = ['Softmax', 'Sigmoid']

/** A gradient, and the tensor on the tape that it belongs to. */
export interface Seed {
  readonly tensor: Tensor
  readonly gradient: Tensor
}

/**
 * The gradient of a named loss, example by example, at which the backward pass starts: the logits
 * if the model ends in softmax or sigmoid and the loss is a cross-entropy, else the output. At the
 * logits it is p − y, which is right also where the probability of the label underflows.
 *
 * @param y of the output's shape; for the sparse losses, without its last axis
 * @param factors one number per position, by which its loss counts; undefined for the mean over
 *   positions
 */
export function createLossSeed(
  loss: PositionLoss,
  y: Tensor,
  factors: Tensor | undefined,
  output: Tensor,
  tape: readonly TapeNode[],
): Seed {
  const { name } = loss
  const isSparse = name.startsWith('sparse')
  const labels = isSparse ? tf.oneHot(y.toInt(), output.shape.at(-1) ?? 1).toFloat() : y
  const at = findStart(loss, output, tape)
  const gradient = positionGradient(loss, labels, at, output)
  return { tensor: at.tensor, gradient: applyFactors(gradient, factors).reshape(at.tensor.shape) }
}

/** Where the backward pass starts, and what the numbers there are. */
interface Start {
  readonly tensor: Tensor
  /** Of the output's shape; undefined if the loss takes outputs for probabilities or values. */
  readonly logits: Tensor | undefined
}

function findStart({ name }: PositionLoss, output: Tensor, tape: readonly TapeNode[]): Start {
  if (name.endsWith('FromLogits')) return { tensor: output, logits: output }
  const isEntropy = name.endsWith('Crossentropy') || name.startsWith('kullback')
  if (!isEntropy) return { tensor: output, logits: undefined }
  const activation = name.startsWith('binary')
    ? findPreActivation('Sigmoid', 'x', output, tape)
    : findPreActivation('Softmax', 'logits', output, tape)
  if (activation === undefined) return { tensor: output, logits: undefined }
  return { tensor: activation.tensor, logits: activation.value.reshape(output.shape) }
}

/**
 * ∂ℓ of each position, of the output's shape: with respect to the logits if there are any, else to
 * the output.
 */
function positionGradient(
  loss: PositionLoss,
  y: Tensor,
  { logits }: Start,
  output: Tensor,
): Tensor {
  const { name } = loss
  if (name.startsWith('binary')) {
    const gradient = isFocal(name)
      ? logits === undefined
        ? binaryFocalGradient(y, output, loss)
        : binaryFocalLogitGradient(y, logits, loss)
      : logits === undefined
        ? binaryGradient(y, output)
        : sigmoidGradient(y, logits)
    return meanOverLastAxis(gradient)
  }
  if (isFocal(name)) {
    return logits === undefined
      ? shareFocalGradient(y, output, loss)
      : softmaxFocalGradient(y, logits, loss)
  }
  const shares = (): Tensor => (name.endsWith('FromLogits') ? tf.softmax(output) : output)
  const error = (): Tensor => tf.sub(output, y)
  switch (name) {
    case 'hinge':
      return meanOverLastAxis(hingeGradient(y, output))
    case 'squaredHinge':
      return meanOverLastAxis(squaredHingeGradient(y, output))
    case 'categoricalHinge':
      return categoricalHingeGradient(y, output)
    case 'meanSquaredError':
      return meanOverLastAxis(error().mul(2))
    case 'meanAbsoluteError':
      return meanOverLastAxis(tf.sign(error()))
    case 'huber':
      return meanOverLastAxis(error().clipByValue(-loss.delta, loss.delta))
    case 'kullbackLeiblerDivergence':
      // Like Keras, it takes outputs that no softmax has normalized as they are.
      return logits === undefined
        ? tf.where(y.equal(0), tf.zerosLike(y), y.div(output)).neg()
        : softmaxGradient(y, shares())
    default:
      return logits === undefined ? shareGradient(y, output) : softmaxGradient(y, shares())
  }
}

/**
 * Each position's gradient times its factor. A factor of 0 leaves out numbers that aren't finite,
 * too.
 */
function applyFactors(gradient: Tensor, factors: Tensor | undefined): Tensor {
  const positions = gradient.shape.slice(1, -1)
  if (factors === undefined) {
    const count = tf.util.sizeFromShape(positions)
    return count === 1 ? gradient : gradient.div(count)
  }
  const shape = gradient.shape.map((length, axis) =>
    axis > 0 && axis === gradient.rank - 1 ? 1 : length,
  )
  const own = factors.reshape(shape)
  const isOut = own.equal(0).logicalOr(tf.zerosLike(gradient).toBool())
  return tf.where(isOut, tf.zerosLike(gradient), gradient.mul(own))
}

/** The gradient of a mean over each position's outputs, from that of their sum. */
function meanOverLastAxis(gradient: Tensor): Tensor {
  const size = gradient.rank > 1 ? gradient.shape.at(-1)! : 1
  return size === 1 ? gradient : gradient.div(size)
}

/** What went into the activation that made the output, if the model ends in that one. */
function findPreActivation(
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
