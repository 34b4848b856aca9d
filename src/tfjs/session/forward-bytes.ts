import type { NdArray } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import { withoutValues, withTape } from '../engine/engine.js'
import type { DeviceModel } from './device-model.js'

const bytesPerNumber = 4

/** Within `run`: returns the bytes of all ops' outputs in a forward pass. Views count once. */
export function measureForwardPass(
  device: DeviceModel,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
): number {
  const inputs = device.inputTensors(x, forwardArguments)
  return withTape(
    new Set(),
    () => withoutValues(() => device.model.call(inputs, device.furtherTensors(forwardArguments))),
    (tape) => {
      const sizes = new Map<object, number>()
      for (const { outputs } of tape) {
        for (const { dataId, size } of outputs) sizes.set(dataId, size * bytesPerNumber)
      }
      return [...sizes.values()].reduce((sum, byteLength) => sum + byteLength, 1)
    },
  )
}
