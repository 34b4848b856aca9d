import { GradientSimilarity, IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { connectExplainers, connectPredictor } from 'gradlens/worker'
import type { LargeCase } from '../../large/cases.js'
import type { Place } from '../../large/protocol.js'
import { stepCount } from '../tfjs-pass.js'
import { loadPredictor } from './load.js'

/** One array for each input of the model; the array itself if there is one input. */
export type Examples = NdArray | readonly NdArray[]

/** A similarity explainer in the page or in a worker. */
export interface Similarity {
  readonly gradientBytes: number
  fit(x: Examples, y: NdArray): Promise<unknown>
  explain(
    x: Examples,
    y: NdArray,
  ): Promise<{ readonly scores: NdArray; readonly orderedIndices: NdArray }>
  dispose(): void
}

/** gradlens's explainers with default options, wherever they run. */
export interface Explainers {
  createSimilarity(): Similarity
  readonly integrated: {
    explain(
      x: Examples,
      options: { readonly target: number },
    ): Promise<{ readonly attributions: readonly NdArray[] }>
  }
}

export async function createExplainers(
  folder: string,
  description: LargeCase,
  place: Place,
): Promise<Explainers> {
  const { kind, loss, layer } = description
  const explainersOf = <Value>(predictor: Predictor<Value>): Explainers => ({
    createSimilarity: () => new GradientSimilarity<Value>(predictor, loss, options),
    integrated: new IntegratedGradients<Value>(predictor, integrating),
  })
  const integrating = {
    nSteps: stepCount,
    device: 'wasm',
    ...(layer === undefined ? {} : { layer }),
  } as const
  const options = { precomputeGrads: true, device: 'wasm' } as const
  if (place === 'worker') {
    const explainers = connectExplainers(startWorker(folder, kind))
    await explainers.ready
    return {
      createSimilarity: () => explainers.gradientSimilarity(loss, options),
      integrated: explainers.integratedGradients(integrating),
    }
  }
  if (place === 'page') return explainersOf(await loadPredictor({ folder, kind }))
  return explainersOf(
    await connectPredictor(Array.from({ length: place }, () => startWorker(folder, kind))),
  )
}

/** The address of a folder in a worker is relative to the worker's own, so it gets the whole. */
function startWorker(folder: string, kind: LargeCase['kind']): Worker {
  const address = new URL(folder, document.baseURI).href
  return new Worker(new URL('./explain-worker.js', import.meta.url), {
    type: 'module',
    name: JSON.stringify({ folder: address, kind }),
  })
}
