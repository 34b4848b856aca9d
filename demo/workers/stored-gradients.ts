import type { Tensor } from '@tensorflow/tfjs'
import { GradientSimilarity, HttpStore } from 'gradlens'
import { fetchJson } from '../data/fetch.js'
import type { DeviceChoice } from '../settings.js'
import type { DataSet } from './data-sets.js'
import type { DemoPredictor } from './model.js'
import type { StoredGradientsReport } from './protocol.js'

/** An explainer on stored gradients and their report, or the reason for a failure. */
export interface StoredGradients {
  readonly explainer?: GradientSimilarity<Tensor>
  readonly report?: StoredGradientsReport
  readonly failure?: string
}

/** Opens an explainer on the gradients that are stored with the page. */
export async function openStoredGradients(
  folder: string,
  { loss, task }: DataSet,
  predictor: DemoPredictor,
  device: DeviceChoice,
  signal: AbortSignal,
): Promise<StoredGradients> {
  try {
    const report = await fetchJson<StoredGradientsReport>(new URL('gradients.json', folder), signal)
    const store = new HttpStore(new URL(`${report.store}/`, folder))
    const options = { device, task, signal }
    return { explainer: await GradientSimilarity.open(store, predictor, loss, options), report }
  } catch (error) {
    signal.throwIfAborted()
    // The page then computes the gradients itself.
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}
