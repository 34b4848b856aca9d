import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { DeviceError, DisposedError } from '../errors.js'
import type { NdArray } from '../ndarray.js'
import type { ArraySpec, ForwardArguments } from '../predictor.js'
import type { OpenDevice } from './devices.js'
import type { TensorModel, Weight } from './model.js'
import { DeviceWeights } from './weights.js'

/** A model on one device: what goes there, runs there and comes back. */
export class DeviceModel {
  readonly model: TensorModel
  readonly #weights: DeviceWeights
  readonly #device: OpenDevice
  #validations: Promise<GPUError | null>[] = []
  #isDisposed = false

  constructor(model: TensorModel, device: OpenDevice) {
    this.model = model
    this.#weights = new DeviceWeights(model, device.name)
    this.#device = device
  }

  get weightsVersion(): number {
    return this.#weights.version
  }

  /** Brings the weights to the device; call it before `run`, whenever something was awaited in between. */
  async refresh(): Promise<void> {
    this.#assertUsable()
    await Promise.race([this.#weights.refresh(), this.#device.lost])
    this.#assertUsable()
  }

  /** Runs a synchronous function there. Tensors that it makes are disposed, but for those that it returns. */
  run<Result>(run: () => Result): Result {
    return this.#validated(() => this.#weights.run(run))
  }

  /**
   * The tensors' values; they are disposed.
   *
   * @throws DeviceError when the device is lost meanwhile, or has refused a command: the values would be stale
   */
  async read(tensors: readonly Tensor[]): Promise<Float32Array[]> {
    try {
      const data = this.#validated(() => Promise.all(tensors.map((tensor) => tensor.data())))
      const validations = this.#validations
      this.#validations = []
      const values = (await Promise.race([data, this.#device.lost])) as Float32Array[]
      const refused = (await Promise.all(validations)).find((error) => error !== null)
      if (refused === undefined) return values
      throw new DeviceError(
        this.#device.name,
        `${this.#device.name}: the GPU refused a command of TensorFlow.js, which would have gone on with stale ` +
          `values: ${refused.message.slice(0, 300)} Use device 'wasm' for this model.`,
      )
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

  /**
   * A shader that does not compile makes WebGPU drop whole submissions, and TensorFlow.js does not look. The
   * scope is closed in the same synchronous section, since scopes of a device are a stack.
   */
  #validated<Result>(work: () => Result): Result {
    const { gpuDevice } = this.#device
    if (gpuDevice === undefined) return work()
    gpuDevice.pushErrorScope('validation')
    try {
      return work()
    } finally {
      this.#validations.push(gpuDevice.popErrorScope().catch(() => null))
    }
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
