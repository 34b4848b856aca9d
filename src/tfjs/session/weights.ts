import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { OpenDevice } from '../engine/devices.js'
import { isOn } from '../engine/engine.js'
import { runWithMemory } from '../engine/memory.js'
import type { TensorModel } from '../models/model.js'
import { bytesPerFloat32 } from '../../gradients/numbers/byte-sizes.js'

interface DeviceCopy {
  readonly of: object
  readonly values: Tensor
}

/**
 * A model's weights on one device. The page's own stay where they are: weights that live elsewhere are
 * copied, and lent to the model's tensors for the length of a synchronous call.
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

  /** Another number whenever a weight has other values, or another trainability, than at the last look. */
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

  /** Brings the copies up to date: a page may train its model, or move it, between two calls. */
  async refresh(): Promise<void> {
    const weights = this.#model.weights().map(({ tensor }) => tensor)
    for (const tensor of [...weights, ...this.#model.constants]) {
      while (!this.#isDisposed && !this.#isCurrent(tensor)) await this.#copy(tensor)
    }
  }

  /** Runs a synchronous function on the device, the model's tensors holding values that are there. */
  run<Result>(run: () => Result): Result {
    const lent = [...this.#copies].map(([tensor, { values }]) => {
      const own = tensor.dataId
      tensor.dataId = values.dataId
      return (): void => {
        tensor.dataId = own
      }
    })
    try {
      return runWithMemory(this.#device, this.#largest(), run)
    } finally {
      for (const release of lent) release()
    }
  }

  /** Forgets the copies, which `refresh` then makes again. */
  dropCopies(): void {
    for (const tensor of this.#copies.keys()) this.#drop(tensor)
  }

  dispose(): void {
    this.#isDisposed = true
    this.dropCopies()
  }

  /** True if the tensor's values of now are on the device, its own or a copy. */
  #isCurrent(tensor: Tensor): boolean {
    if (this.#copies.get(tensor)?.of === tensor.dataId) return true
    if (!isOn(this.#device.name, tensor)) return false
    this.#drop(tensor)
    return true
  }

  async #copy(tensor: Tensor): Promise<void> {
    const source = tensor.dataId
    const data = await tensor.data()
    // Meanwhile another call may have made the same copy, the page changed the weight, or all been disposed of.
    if (this.#isDisposed || tensor.dataId !== source || this.#isCurrent(tensor)) return
    const values = runWithMemory(this.#device, this.#largest(), () =>
      tf.tensor(data, tensor.shape, tensor.dtype),
    )
    this.#drop(tensor)
    this.#copies.set(tensor, { of: source, values })
  }

  /** The bytes of the largest weight. */
  #largest(): number {
    const sizes = this.#model.weights().map(({ tensor }) => tensor.size)
    return bytesPerFloat32 * Math.max(0, ...sizes)
  }

  #drop(tensor: Tensor): void {
    this.#copies.get(tensor)?.values.dispose()
    this.#copies.delete(tensor)
  }
}
