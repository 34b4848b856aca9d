import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { Device } from '../../options.js'
import type { ArraySpec } from '../../predictor.js'
import { runOn } from '../engine/engine.js'

/** One example more than one, so that an output without batch axis shows. */
const probedExamples = 2

/**
 * The shape of one example's output, found by one forward pass of zeros where the page's TensorFlow.js runs.
 *
 * @throws UnsupportedError if a length of an input is not known; InvalidArgumentError if the model fails, or its
 *   output has no batch axis
 */
export function probedOutputShape(
  name: string,
  inputs: readonly ArraySpec[],
  call: (x: readonly Tensor[]) => Tensor,
  remedy: string,
): number[] {
  const open = inputs.find(({ shape }) => shape.includes(null))
  if (open !== undefined) {
    throw new UnsupportedError(
      'output shape',
      `model '${name}' does not say its output's shape, and the lengths of its input '${open.name}', ` +
        `[${open.shape.map((length) => length ?? 'any').join(', ')}], do not let it be found out. ${remedy}`,
    )
  }
  const zeros = ({ shape, dtype }: ArraySpec): Tensor =>
    tf.zeros([probedExamples, ...(shape as readonly number[])], dtype)
  const shape = outputShape(name, () => call(inputs.map(zeros)))
  if (shape[0] !== probedExamples) {
    throw new InvalidArgumentError(
      'model',
      `an output of shape [${shape.join(', ')}] for ${probedExamples} examples from '${name}'`,
      'the examples along the first axis, as in the inputs',
    )
  }
  return shape.slice(1)
}

function outputShape(name: string, call: () => Tensor): number[] {
  // Starts the page's backend, if nothing has yet.
  tf.backend()
  try {
    return runOn(tf.getBackend() as Device, () => call().shape)
  } catch (cause) {
    if (cause instanceof InvalidArgumentError || cause instanceof UnsupportedError) throw cause
    throw new InvalidArgumentError(
      'model',
      `'${name}', which fails on zeros of its inputs' shapes: ${String(cause)}`,
      'a model that can be called on a batch',
      { cause },
    )
  }
}

/** The result of a model's call, if it is a tensor. */
export function assertTensor(result: unknown, name: string): Tensor {
  if (result instanceof tf.Tensor) return result as Tensor
  const got =
    result instanceof Promise
      ? 'a promise'
      : Array.isArray(result)
        ? `an array of ${result.length}`
        : `a ${typeof result}`
  throw new InvalidArgumentError(
    'model',
    `${got} returned by '${name}'`,
    'one tf.Tensor, the examples along its first axis, returned at once and not by a promise',
  )
}
