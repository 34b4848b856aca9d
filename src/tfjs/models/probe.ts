import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { TfjsDevice } from '../engine/tfjs-device.js'
import type { ArraySpec } from '../../predictor.js'
import { runOn } from '../engine/engine.js'

/** More than one example, so that an output without a batch axis is detected. */
const probedExamples = 2

/**
 * Finds the shape of one example's output by a forward pass on zeros, on the page's own backend.
 *
 * @throws UnsupportedError if a length of an input is unknown
 * @throws InvalidArgumentError if the model fails or its output has no batch axis
 */
export function probeOutputShape(
  name: string,
  inputs: readonly ArraySpec[],
  call: (x: readonly Tensor[]) => Tensor,
  remedy: string,
): number[] {
  const open = inputs.find(({ shape }) => shape.includes(null))
  if (open !== undefined) {
    throw new UnsupportedError(
      'output shape',
      `model '${name}' does not state its output's shape, and it cannot be found out, because its input ` +
        `'${open.name}' has the shape [${open.shape.map((length) => length ?? 'any').join(', ')}]. ${remedy}`,
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
  // Starts the page's backend if needed.
  tf.backend()
  try {
    return runOn(tf.getBackend() as TfjsDevice, () => call().shape)
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

/** Returns the result of a model's call if it is a tensor. */
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
    'one tf.Tensor, not a promise, with the examples along its first axis',
  )
}
