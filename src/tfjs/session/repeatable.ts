import type { Tensor } from '@tensorflow/tfjs'
import { UnsupportedError } from '../../errors.js'
import { concatenateRows, type NdArray, rows } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import type { DeviceModel } from './device-model.js'

/**
 * Relative to the largest output. Only atomic additions make the same kernels differ between runs.
 */
const tolerance = 1e-5

/**
 * Runs the model twice on the first and the last example.
 *
 * @throws UnsupportedError if the outputs differ, because the model draws random numbers
 */
export async function assertRepeatable(
  device: DeviceModel,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
): Promise<void> {
  const further = Object.fromEntries(
    Object.entries(forwardArguments).map(([name, array]) => [name, firstAndLast(array)]),
  )
  const answer = (): Tensor =>
    device.model.call(
      device.inputTensors(x.map(firstAndLast), further),
      device.furtherTensors(further),
    )
  const [first, second] = await device.read(device.run(() => [answer(), answer()]))
  const largest = first!.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const difference = first!.reduce((most, value, at) => {
    const distance = Math.abs(value - second![at]!)
    // NaN − NaN proves nothing.
    return distance > most ? distance : most
  }, 0)
  if (difference <= tolerance * largest) return
  const { name } = device.model
  throw new UnsupportedError(
    name,
    `model '${name}' gives two outputs for the same example: they differ by ${difference.toPrecision(2)}, where the ` +
      `largest output is ${largest.toPrecision(2)}. It draws random numbers, as a variational autoencoder or dropout at ` +
      'inference does, so there is no gradient to explain. Explain the mean instead of a sample, or switch the ' +
      'dropout off.',
  )
}

function firstAndLast(array: NdArray): NdArray {
  const [count = 0] = array.shape
  if (count <= 2) return array
  return concatenateRows([rows(array, 0, 1), rows(array, count - 1, count)])
}
