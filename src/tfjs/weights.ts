import * as tf from '@tensorflow/tfjs'
import type { Tensor, Variable } from '@tensorflow/tfjs'
import type { Device } from '../options.js'
import { isOn, runOn } from './engine.js'
import type { TensorModel } from './model.js'

interface DeviceCopy {
  readonly of: object
  readonly tensor: Tensor
}

/**
 * A model's weights on one device. The page's own stay where they are: weights that live elsewhere are
 * copied, and lent to the model's variables for the length of a synchronous call.
 */
export class DeviceWeights {
  readonly #model: TensorModel
  readonly #device: Device
  readonly #copies = new Map<Variable, DeviceCopy>()
  #seen: readonly { readonly of: object; readonly trainable: boolean }[] = []
  #version = 0
  #isDisposed = false

  constructor(model: TensorModel, device: Device) {
    this.#model = model
    this.#device = device
  }

  /** Another number whenever a weight has other values, or another trainability, than at the last look. */
  get version(): number {
    const now = this.#model.weights().map(({ variable, trainable }) => ({
      of: variable.dataId,
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
    for (const { variable } of this.#model.weights()) {
      while (!this.#isDisposed && !this.#isCurrent(variable)) await this.#copy(variable)
    }
  }

  /** Runs a synchronous function on the device, the model's variables holding values that are there. */
  run<Result>(run: () => Result): Result {
    const lent = [...this.#copies].map(([variable, { tensor }]) => {
      const own = variable.dataId
      variable.dataId = tensor.dataId
      return (): void => {
        variable.dataId = own
      }
    })
    try {
      return runOn(this.#device, run)
    } finally {
      for (const giveBack of lent) giveBack()
    }
  }

  dispose(): void {
    this.#isDisposed = true
    for (const variable of this.#copies.keys()) this.#drop(variable)
  }

  /** True if the variable's values of now are on the device, its own or a copy. */
  #isCurrent(variable: Variable): boolean {
    if (this.#copies.get(variable)?.of === variable.dataId) return true
    if (!isOn(this.#device, variable)) return false
    this.#drop(variable)
    return true
  }

  async #copy(variable: Variable): Promise<void> {
    const source = variable.dataId
    const values = await variable.data()
    // Meanwhile another call may have made the same copy, the page changed the weight, or all been disposed of.
    if (this.#isDisposed || variable.dataId !== source || this.#isCurrent(variable)) return
    const tensor = runOn(this.#device, () => tf.tensor(values, variable.shape, variable.dtype))
    this.#drop(variable)
    this.#copies.set(variable, { of: source, tensor })
  }

  #drop(variable: Variable): void {
    this.#copies.get(variable)?.tensor.dispose()
    this.#copies.delete(variable)
  }
}
