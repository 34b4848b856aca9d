import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { OpenDevice } from '../engine/devices.js'
import { isOn } from '../engine/backend-registry.js'
import { runWithMemory } from '../engine/memory.js'
import type { TensorModel } from '../models/model.js'
import { bytesPerFloat32 } from '../../gradients/numbers/byte-sizes.js'

interface DeviceCopy {
  readonly of: object
  readonly values: Tensor
}

/**
 * A model's weights on one device. The page's own stay where they are. Weights on other devices are
 * copied, and the copies replace the model's tensors during a synchronous call.
 */
export class DeviceWeights {
  readonly #model: TensorModel
  readonly #device: OpenDevice
  readonly #copies = new Map<Tensor, DeviceCopy>()
  #seen: readonly { readonly of: object; readonly trainable: boolean }[] = []
  #version = 0
  #isDisposed = false

  constructor(model: TensorModel, device: OpenDevice) {
    this.#model = model
    this.#device = device
  }

  /**
   * Changes whenever the values or the trainability of a weight have changed since the last check.
   */
  get version(): number {
    const now = this.#model.weights().map(({ tensor, trainable }) => ({
      of: tensor.dataId,
      trainable,
    }))
    const isSame =
      now.length === this.#seen.length &&
      now.every(({ of, trainable }, k) => {
        const before = this.#seen[k]!
        return of === before.of && trainable === before.trainable
      })
    if (!isSame) {
      this.#seen = now
      this.#version++
    }
    return this.#version
  }

  /** Updates the copies. A page may train or move its model between two calls. */
  async refresh(): Promise<void> {
    const weights = this.#model.weights().map(({ tensor }) => tensor)
    for (const tensor of [...weights, ...this.#model.constants]) {
      while (!this.#isDisposed && !this.#isCurrent(tensor)) await this.#copy(tensor)
    }
  }

  /** Runs a synchronous function on the device, with the model's tensors backed by values on it. */
  run<Result>(run: () => Result): Result {
    const restorers = [...this.#copies].map(([tensor, { values }]) => {
      const own = tensor.dataId
      tensor.dataId = values.dataId
      return (): void => {
        tensor.dataId = own
      }
    })
    try {
      return runWithMemory(this.#device, this.#largest(), run)
    } finally {
      for (const restore of restorers) restore()
    }
  }

  /** Drops the copies. The next `refresh` creates them again. */
  dropCopies(): void {
    for (const tensor of this.#copies.keys()) this.#drop(tensor)
  }

  dispose(): void {
    this.#isDisposed = true
    this.dropCopies()
  }

  /** True if the tensor's current values, or a copy of them, are on the device. */
  #isCurrent(tensor: Tensor): boolean {
    if (this.#copies.get(tensor)?.of === tensor.dataId) return true
    if (!isOn(this.#device.name, tensor)) return false
    this.#drop(tensor)
    return true
  }

  async #copy(tensor: Tensor): Promise<void> {
    const source = tensor.dataId
    const data = await tensor.data()
    // Another call may have created the same copy by now, or the page may have changed the weight,
    // or the session may be disposed.
    if (this.#isDisposed || tensor.dataId !== source || this.#isCurrent(tensor)) return
    const values = runWithMemory(this.#device, this.#largest(), () =>
      tf.tensor(data, tensor.shape, tensor.dtype),
    )
    this.#drop(tensor)
    this.#copies.set(tensor, { of: source, values })
  }

  /** The size of the largest weight, in bytes. */
  #largest(): number {
    const sizes = this.#model.weights().map(({ tensor }) => tensor.size)
    return bytesPerFloat32 * Math.max(0, ...sizes)
  }

  #drop(tensor: Tensor): void {
    this.#copies.get(tensor)?.values.dispose()
    this.#copies.delete(tensor)
  }
}
