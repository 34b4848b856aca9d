import type { NdArray } from 'gradlens'
import type { ModelDescription, RemoteExplainers, RemoteModel } from 'gradlens/worker'
import type { DeviceChoice } from '../settings.js'
import { KeptExplainer } from './kept-explainer.js'
import { findGreatest } from './label-arrays.js'
import type { Prediction } from './results.js'

const bytesPerNumber = 4

/** The model on one device at a time. */
export class Predicting {
  readonly #kept = new KeptExplainer<RemoteModel>()

  modelOf(explainers: RemoteExplainers, device: DeviceChoice): RemoteModel {
    return this.#kept.get([explainers, device], () => explainers.model({ device }))
  }

  async predict(
    explainers: RemoteExplainers,
    { input, device: choice }: { readonly input: NdArray; readonly device: DeviceChoice },
    signal: AbortSignal,
  ): Promise<Prediction> {
    const model = this.modelOf(explainers, choice)
    const outputs = Float32Array.from((await model.predict(input, { signal })).data)
    const { device, fallbackReason } = model
    if (device === null) throw new Error('The model has not run yet.')
    const modelByteLength = countWeights(await explainers.ready) * bytesPerNumber
    return { outputs, label: findGreatest(outputs), device, fallbackReason, modelByteLength }
  }
}

const countWeights = ({ parameters }: ModelDescription): number =>
  parameters.reduce(
    (sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1),
    0,
  )
