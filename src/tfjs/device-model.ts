import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { DisposedError } from '../errors.js'
import type { NdArray } from '../ndarray.js'
import type { Device } from '../options.js'
import type { ArraySpec, ForwardArguments } from '../predictor.js'
import { DeviceWeights } from './weights.js'
import type { TensorModel, Weight } from './model.js'

/** A model on one device: what goes there, runs there and comes back. */
export class DeviceModel {
  readonly model: TensorModel
  readonly #weights: DeviceWeights
  readonly #lost: Promise<never>
  #isDisposed = false

  /** @param lost never settles, or rejects with the reason when the device is lost */
  constructor(model: TensorModel, device: Device, lost: Promise<never>) {
    this.model = model
    this.#weights = new DeviceWeights(model, device)
    this.#lost = lost
  }

  /** Brings the weights to the device; call it before `run`, whenever something was awaited in between. */
  async refresh(): Promise<void> {
    this.#assertUsable()
    await Promise.race([this.#weights.refresh(), this.#lost])
    this.#assertUsable()
  }

  /** Runs a synchronous function there. Tensors that it makes are disposed, but for those that it returns. */
  run<Result>(run: () => Result): Result {
    return this.#weights.run(run)
  }

  /** The tensors' values; they are disposed. Rejects with a DeviceError when the device is lost meanwhile. */
  async read(tensors: readonly Tensor[]): Promise<Float32Array[]> {
    try {
      const data = Promise.all(tensors.map((tensor) => tensor.data()))
      return (await Promise.race([data, this.#lost])) as Float32Array[]
    } finally {
      tf.dispose([...tensors])
    }
  }

  /** Within `run`: the examples as the model takes them. */
  inputTensors(x: readonly NdArray[]): Tensor[] {
    return x.map((array, i) => inputTensor(array, this.model.inputs[i]))
  }

  trainable(): Weight[] {
    return this.model.weights().filter(({ trainable }) => trainable)
  }

  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#weights.dispose()
  }

  #assertUsable(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('This predictor session was disposed; open another one.')
  }
}

export function tensorOf(array: NdArray): Tensor {
  return tf.tensor(Float32Array.from(array.data), [...array.shape])
}

export function tensorsOf(arrays: ForwardArguments): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensorOf(array)]))
}

/** As the model declares it, but for fractional numbers on integer inputs: they stay what they are. */
function inputTensor(array: NdArray, spec: ArraySpec | undefined): Tensor {
  const isInteger = spec?.dtype === 'int32' && array.data.every((value) => Number.isInteger(value))
  return isInteger
    ? tf.tensor(Int32Array.from(array.data), [...array.shape], 'int32')
    : tensorOf(array)
}
