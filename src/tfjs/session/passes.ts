import type { Tensor } from '@tensorflow/tfjs'
import type {
  BatchedGradients,
  LossBatch,
  ModelPasses,
  NotBatched,
} from '../../adapters/model-passes.js'
import type { NdArray } from '../../ndarray.js'
import type {
  Activations,
  ForwardArguments,
  LayerSite,
  NamedWeight,
  PathPoints,
} from '../../predictor.js'
import { warnOnce } from '../../warn-once.js'
import { computeActivations, computeGradientsAt, computeOutputFrom } from './activations.js'
import { DeviceModel } from './device-model.js'
import type { OpenDevice } from '../engine/devices.js'
import { computeInputGradients } from './input-gradients.js'
import { LossGradients } from './loss-gradients.js'
import type { TensorModel } from '../models/model.js'
import { measureForwardPass } from './forward-bytes.js'
import { computePathGradients } from './path-gradients.js'

/** The passes of a TensorFlow.js model on one device. */
export class TfjsPasses implements ModelPasses<Tensor> {
  readonly #device: DeviceModel
  readonly #lossGradients: LossGradients
  readonly #exampleBytes = new Map<string, number>()

  constructor(model: TensorModel, device: OpenDevice) {
    this.#device = new DeviceModel(model, device)
    this.#lossGradients = new LossGradients(this.#device)
  }

  get name(): string {
    return this.#device.model.name
  }

  get device(): string {
    return this.#device.name
  }

  get model(): object {
    const { model } = this.#device
    return model.original ?? model
  }

  get weightsVersion(): number {
    return this.#device.weightsVersion
  }

  /** The output of a pass can't be read within the pass on a GPU. */
  get drawsLabels(): boolean {
    return this.#device.gpuDevice === undefined
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
    return computeGradientsAt(this.#device, x, outputIndices, forwardArguments, at)
  }

  async pathGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    points: PathPoints,
  ): Promise<NdArray[][]> {
    await this.#device.refresh()
    return computePathGradients(this.#device, x, outputIndices, forwardArguments, points)
  }

  weightValues(): object[] {
    return this.#device.model.weights().map(({ tensor }) => tensor.dataId)
  }

  operations(x: readonly NdArray[]): object {
    return this.#lossGradients.operations(x)
  }

  async lossGradients(batch: LossBatch<Tensor>): Promise<BatchedGradients | NotBatched> {
    await this.#device.refresh()
    const { model } = this.#device
    for (const warning of model.parameterWarnings ?? []) warnOnce(this.model, warning)
    return this.#lossGradients.computeBatch(batch)
  }

  async exampleGradients(example: LossBatch<Tensor>): Promise<BatchedGradients> {
    await this.#device.refresh()
    return this.#lossGradients.computeExample(example)
  }

  [Symbol.dispose](): void {
    this.#device.dispose()
  }
}
