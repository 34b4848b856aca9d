import type { Tensor } from '@tensorflow/tfjs'
import type { GpuGradientBlock, GradientBlock } from '../../gradients/block.js'
import type { Labels } from '../../losses/labels.js'
import type { LossFunction, PositionLoss } from '../../losses/loss.js'
import { concatenateRows, type NdArray, rows } from '../../ndarray.js'
import type {
  Activations,
  ForwardArguments,
  LayerSite,
  NamedWeight,
  PathPoints,
  PredictorSession,
} from '../../predictor.js'
import { warnOnce } from '../../warn-once.js'
import { computeActivations, computeGradientsAt, computeOutputFrom } from './activations.js'
import { DeviceModel } from './device-model.js'
import type { OpenDevice } from '../engine/devices.js'
import { computeInputGradients } from './input-gradients.js'
import { LossGradients } from './loss-gradients.js'
import type { TensorModel } from '../models/model.js'
import { measureForwardPass } from './forward-bytes.js'
import { checkShapesOnce, type ModelChecks, modelChecks, refreshChecks } from './model-checks.js'
import { computePathGradients } from './path-gradients.js'
import { assertRepeatable } from './repeatable.js'
import { assertExamplesApart } from './self-check.js'

/** A TensorFlow.js model on one device, as the explainers use it. */
export class TfjsSession implements PredictorSession<Tensor> {
  readonly #device: DeviceModel
  readonly #lossGradients: LossGradients
  readonly #exampleBytes = new Map<string, number>()
  readonly #checks: ModelChecks

  constructor(model: TensorModel, device: OpenDevice) {
    this.#device = new DeviceModel(model, device)
    this.#checks = modelChecks(model, device.name)
    this.#lossGradients = new LossGradients(this.#device, this.#checks)
  }

  get weightsVersion(): number {
    return this.#device.weightsVersion
  }

  get gpuDevice(): GPUDevice | undefined {
    return this.#device.gpuDevice
  }

  async exampleBytes(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<number> {
    const key = JSON.stringify(x.map(({ shape }) => shape))
    let byteLength = this.#exampleBytes.get(key)
    if (byteLength === undefined) {
      await this.#device.refresh()
      byteLength = this.#device.run(() => measureForwardPass(this.#device, x, forwardArguments))
      this.#exampleBytes.set(key, byteLength)
    }
    return byteLength
  }

  async weights(): Promise<NamedWeight[]> {
    const { model } = this.#device
    const constants = model.constants.map((tensor, i) => ({
      name: `constant ${i}`,
      tensor,
    }))
    return Promise.all(
      [...model.weights(), ...constants].map(async ({ name, tensor }) => ({
        name,
        value: { data: await tensor.data(), shape: tensor.shape },
      })),
    )
  }

  async predict(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    activations?: Activations,
  ): Promise<NdArray> {
    await this.#device.refresh()
    const output = this.#device.run(() => {
      const inputs = this.#device.inputTensors(x, forwardArguments)
      return activations === undefined
        ? this.#device.model.call(inputs, this.#device.furtherTensors(forwardArguments))
        : computeOutputFrom(this.#device, inputs, forwardArguments, activations)
    })
    const { shape } = output
    const [data] = await this.#device.read([output])
    return { data: data!, shape }
  }

  async inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]> {
    await this.#device.refresh()
    await this.#assertRepeatable(x, forwardArguments)
    if ((x[0]?.shape[0] ?? 1) > 1) await this.#assertApart(x, forwardArguments)
    return computeInputGradients(this.#device, x, outputIndices, forwardArguments)
  }

  async activations(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    sites: readonly LayerSite[],
  ): Promise<NdArray[][]> {
    await this.#device.refresh()
    return computeActivations(this.#device, x, forwardArguments, sites)
  }

  async activationGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    at: Activations | { readonly sites: readonly LayerSite[] },
  ): Promise<NdArray[][]> {
    await this.#device.refresh()
    await this.#assertRepeatable(x, forwardArguments)
    if ((x[0]?.shape[0] ?? 1) > 1) await this.#assertApart(x, forwardArguments)
    return computeGradientsAt(this.#device, x, outputIndices, forwardArguments, at)
  }

  async pathGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    points: PathPoints,
  ): Promise<NdArray[][]> {
    await this.#device.refresh()
    await this.#assertRepeatable(x, forwardArguments)
    if (points.pathOf.length > 1) {
      // All points of one example can look alike to the layers before a site. Zeros are a different
      // example.
      await this.#assertApart(
        x.map((array) => concatenateRows([array, zeroRow(array)])),
        Object.fromEntries(
          Object.entries(forwardArguments).map(([name, array]) => [
            name,
            concatenateRows([array, lastRow(array)]),
          ]),
        ),
      )
    }
    return computePathGradients(this.#device, x, outputIndices, forwardArguments, points)
  }

  async lossGradients(
    x: readonly NdArray[],
    labels: Labels,
    loss: PositionLoss | LossFunction<Tensor>,
  ): Promise<GradientBlock | GpuGradientBlock> {
    await this.#device.refresh()
    await this.#assertRepeatable(x, {})
    const { model } = this.#device
    for (const warning of model.parameterWarnings ?? []) warnOnce(model, warning)
    return this.#lossGradients.compute(x, labels, loss)
  }

  /**
   * Checked once, because it doesn't depend on the examples whether a model draws random numbers.
   */
  async #assertRepeatable(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
  ): Promise<void> {
    refreshChecks(this.#checks, this.#device.model)
    if (this.#checks.isRepeatable) return
    await assertRepeatable(this.#device, x, forwardArguments)
    // The page may have changed the weights while the outputs were read.
    await this.#device.refresh()
    this.#checks.isRepeatable = true
  }

  /** Checked once for each shape, because it doesn't depend on the examples whether a model mixes them. */
  #assertApart(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<void> {
    refreshChecks(this.#checks, this.#device.model)
    return checkShapesOnce(this.#checks.apart, x, forwardArguments, () =>
      assertExamplesApart(this.#device, x, forwardArguments, 'internalBatchSize: 1'),
    )
  }

  [Symbol.dispose](): void {
    this.#device.dispose()
  }
}

const lastRow = (array: NdArray): NdArray => {
  const [exampleCount = 0] = array.shape
  return rows(array, exampleCount - 1, exampleCount)
}

const zeroRow = (array: NdArray): NdArray => {
  const { data, shape } = lastRow(array)
  return { data: data.map(() => 0), shape }
}
