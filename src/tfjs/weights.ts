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

  constructor(model: TensorModel, device: Device) {
    this.#model = model
    this.#device = device
  }

  /** Brings the copies up to date: a page may train its model, or move it, between two calls. */
  async refresh(): Promise<void> {
    for (const { variable } of this.#model.weights()) {
      const copy = this.#copies.get(variable)
      if (copy?.of === variable.dataId) continue
      this.#drop(variable)
      if (isOn(this.#device, variable)) continue
      const source = variable.dataId
      const values = await variable.data()
      const tensor = runOn(this.#device, () => tf.tensor(values, variable.shape, variable.dtype))
      this.#copies.set(variable, { of: source, tensor })
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
    for (const variable of this.#copies.keys()) this.#drop(variable)
  }

  #drop(variable: Variable): void {
    this.#copies.get(variable)?.tensor.dispose()
    this.#copies.delete(variable)
  }
}
