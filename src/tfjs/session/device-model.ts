import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { DeviceError, DisposedError, isGradlensError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import type { TfjsDevice } from '../engine/tfjs-device.js'
import type { ArraySpec, ForwardArguments } from '../../predictor.js'
import { raceLoss } from '../../race-loss.js'
import { waitForNextTask } from '../../scheduling.js'
import { restartIfStopped } from '../engine/backend-registry.js'
import { buffersOf, isWebgpu } from '../engine/backends.js'
import type { OpenDevice } from '../engine/devices.js'
import { asMemoryError, freeIdleMemory, memoryError } from '../engine/memory.js'
import type { TensorModel, Weight } from '../models/model.js'
import { inputsBut } from '../models/named-inputs.js'
import { LookupChecks } from './lookup-checks.js'
import { DeviceWeights } from './weights.js'

/** A model on one device: uploads its inputs, runs it and reads the results. */
export class DeviceModel {
  readonly model: TensorModel
  readonly #weights: DeviceWeights
  readonly #device: OpenDevice
  #refusals: Promise<Error | null>[] = []
  #isDisposed = false

  constructor(model: TensorModel, device: OpenDevice) {
    this.model = model
    this.#weights = new DeviceWeights(model, device)
    this.#device = device
  }

  /** The device's name. */
  get name(): TfjsDevice {
    return this.#device.name
  }

  get weightsVersion(): number {
    return this.#weights.version
  }

  /** The device in whose buffers `lend` leaves tensors; undefined where there is none. */
  get gpuDevice(): GPUDevice | undefined {
    return this.#device.gpuDevice
  }

  /** True if the arrays that `read` returns are copies that nothing else uses. */
  get copiesOnRead(): boolean {
    return this.#device.name === 'wasm'
  }

  /** Copies the weights to the device. Call it before `run`, after every await. */
  async refresh(): Promise<void> {
    this.#assertUsable()
    await restartIfStopped(this.#device.name)
    await raceLoss(this.#weights.refresh(), this.#device.lost)
    this.#assertUsable()
  }

  /**
   * Runs a synchronous function on the device. Tensors that it creates are disposed, except those
   * that it returns.
   *
   * @throws MemoryError; DeviceError if the device's module stopped
   */
  run<Result>(run: () => Result): Result {
    try {
      const lookups = new LookupChecks(this.#device, (table) => this.#weightName(table))
      const result = this.#watched(() => lookups.run(() => this.#weights.run(run)))
      this.#refusals.push(lookups.finish())
      return result
    } catch (error) {
      if (isGradlensError(error, 'MemoryError')) freeIdleMemory(this.#device)
      throw error
    }
  }

  /**
   * Reads the tensors' values and disposes the tensors.
   *
   * @throws DeviceError if the device was lost or refused a command, so that the values would be
   *   stale
   * @throws MemoryError
   */
  async read(tensors: readonly Tensor[]): Promise<Float32Array[]> {
    try {
      const data = this.#watched(() => Promise.all(tensors.map((tensor) => tensor.data())))
      return (await this.#confirmed(data)) as Float32Array[]
    } catch (error) {
      tf.dispose([...tensors])
      throw this.#recovered(error)
    } finally {
      tf.dispose([...tensors])
    }
  }

  /**
   * Returns the tensors' buffers, which are valid until the tensors are disposed. It doesn't wait
   * for their values. If it throws, it disposes the tensors.
   *
   * @throws DeviceError as `read` does
   * @throws MemoryError
   */
  async lend(tensors: readonly Tensor[]): Promise<GPUBuffer[]> {
    const { backend } = this.#device
    try {
      const buffers = this.#watched(() =>
        this.#weights.run(() => (isWebgpu(backend) ? buffersOf(backend, tensors) : [])),
      )
      return await this.#confirmed(Promise.resolve(buffers))
    } catch (error) {
      tf.dispose([...tensors])
      throw this.#recovered(error)
    }
  }

  /** Within `run`: returns the model's input tensors, without the inputs passed by name. */
  inputTensors(x: readonly NdArray[], further: ForwardArguments = {}): Tensor[] {
    const specs = inputsBut(this.model.inputs, further)
    return x.map((array, i) => inputTensor(array, specs[i]))
  }

  /** Within `run`: returns the tensors of the named arguments. */
  furtherTensors(further: ForwardArguments): Record<string, Tensor> {
    const tensors = Object.entries(further).map(([name, array]) => {
      const spec = this.model.inputs.find((input) => input.name === name)
      return [name, inputTensor(array, spec)] as const
    })
    return Object.fromEntries(tensors)
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
   * Watches for errors of WebGPU, which TensorFlow.js ignores. A shader that doesn't compile, or a
   * buffer without memory, makes WebGPU drop whole submissions. A device's error scopes are a
   * stack, so they are closed in the same synchronous section.
   */
  #watched<Result>(work: () => Result): Result {
    const { gpuDevice } = this.#device
    if (gpuDevice === undefined) return work()
    gpuDevice.pushErrorScope('validation')
    gpuDevice.pushErrorScope('out-of-memory')
    // A lost device has no scopes. The loss is reported elsewhere.
    const close = (): Promise<(GPUError | null)[]> =>
      Promise.all([0, 1].map(() => gpuDevice.popErrorScope().catch(() => null)))
    let result: Result
    try {
      result = work()
    } catch (error) {
      void close()
      throw error
    }
    this.#refusals.push(close().then((errors) => this.#refusal(errors)))
    return result
  }

  #refusal([outOfMemory, validation]: readonly (GPUError | null)[]): Error | null {
    const { name } = this.#device
    if (outOfMemory) return memoryError(name, undefined, outOfMemory)
    if (!validation) return null
    return new DeviceError(
      name,
      `${name}: the GPU refused a command of TensorFlow.js, so its results would be stale: ` +
        `${validation.message.slice(0, 300)} Use device 'wasm' for this model.`,
    )
  }

  /** Resolves to the work's result, unless the device was lost or refused one of its commands. */
  async #confirmed<Result>(work: Promise<Result>): Promise<Result> {
    const refusals = this.#refusals
    this.#refusals = []
    const [outcome] = await raceLoss(Promise.allSettled([work]), this.#device.lost)
    const refused = await raceLoss(Promise.all(refusals), this.#device.lost)
    // The scopes know why a read failed. Or the device is being lost, which is reported a moment
    // later.
    for (const refusal of refused) if (refusal !== null) throw refusal
    if (outcome.status === 'fulfilled') return outcome.value
    await raceLoss(waitForNextTask(), this.#device.lost)
    throw asMemoryError(this.#device.name, outcome.reason)
  }

  /**
   * After memory ran out, some buffers are invalid, possibly those of weights. They must not be
   * reused.
   */
  #recovered(error: unknown): unknown {
    if (isGradlensError(error, 'MemoryError')) {
      this.#weights.dropCopies()
      freeIdleMemory(this.#device)
    }
    return error
  }

  #weightName({ dataId }: Tensor): string | undefined {
    return this.model.weights().find(({ tensor }) => tensor.dataId === dataId)?.name
  }

  #assertUsable(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('This predictor session was disposed; open another one.')
  }
}

export function tensorOf(array: NdArray): Tensor {
  return tf.tensor(Float32Array.from(array.data), [...array.shape])
}

/** Uses the model's declared dtype, except that fractional values of integer inputs stay floats. */
function inputTensor(array: NdArray, spec: ArraySpec | undefined): Tensor {
  const isInteger = spec?.dtype === 'int32' && array.data.every((value) => Number.isInteger(value))
  return isInteger
    ? tf.tensor(Int32Array.from(array.data), [...array.shape], 'int32')
    : tensorOf(array)
}
