import type { NdArray, Progress } from 'gradlens'
import type { RemoteExplainers, RemoteModel, RemoteSimilarity } from 'gradlens/worker'
import { ExplainingWorker } from '../explaining/explaining-worker.js'
import { KeptExplainer } from '../explaining/kept-explainer.js'
import { findGreatest } from '../explaining/label-arrays.js'
import type { ExplanationParts } from '../explaining/page-attribution.js'
import workerUrl from '../workers/photos-worker.ts?worker&url'
import { writeWorkerName } from '../workers/worker-name.js'
import { downloadChannel, modelBytes, runtimeBytes } from './download.js'
import { spreadCells } from './heat-map.js'
import { encodePhotos, type Photo } from './photo.js'

/** The output of the eleventh of sixteen blocks: 112 channels of 14 × 14 cells. */
const mapLayer = '/_blocks.10/Add_output_0'
const mapSteps = 32
/** Path points per pass, so that the map can be cancelled within a second. */
const pathBatch = 4

interface CallOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export interface PhotoAnswer {
  readonly photo: Photo
  readonly probabilities: NdArray
  /** The most probable class. */
  readonly label: number
  readonly durationMs: number
}

export interface HeatMap {
  readonly photo: Photo
  readonly target: number
  readonly explanation: ExplanationParts
  /** Σ attributions. */
  readonly total: number
  /** Σ attributions − (F(x) − F(baseline)). */
  readonly delta: number
  readonly durationMs: number
}

export interface PhotoRanking {
  /** The reference photos by their cosine with the photo, the highest first. */
  readonly ranked: readonly { readonly index: number; readonly score: number }[]
  /** The predicted class of each reference photo. */
  readonly labels: readonly number[]
  readonly storedByteLength: number
  readonly durationMs: number
}

/** The reference photos in one worker. */
interface Fitted {
  readonly explainers: RemoteExplainers
  readonly similarity: RemoteSimilarity
  readonly labels: readonly number[]
}

/** EfficientNet-Lite0 in a worker. It is downloaded by the first call. */
export class PhotoModel {
  readonly #folder: string
  #worker: ExplainingWorker | undefined
  readonly #kept = new KeptExplainer<RemoteModel>()
  readonly #keptMaps = new KeptExplainer<ReturnType<RemoteExplainers['integratedGradients']>>()
  #fitted: Fitted | undefined

  /** @param folder the absolute URL of the model, with a trailing slash */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Resolves when the model is ready. An abort ends the worker and its download. */
  async load({ signal, onProgress }: CallOptions): Promise<void> {
    const total = Math.round((modelBytes + runtimeBytes) / 1000)
    const channel = new BroadcastChannel(downloadChannel)
    channel.addEventListener('message', ({ data }) => {
      const done = Math.min(total, Math.round((data as number) / 1000))
      onProgress({ phase: 'fit', done, total })
    })
    const stop = (): void => {
      this.#worker?.stop()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      await this.#run(signal, async (explainers) => {
        await explainers.ready
      })
    } finally {
      signal.removeEventListener('abort', stop)
      channel.close()
    }
  }

  predict(photo: Photo, signal: AbortSignal): Promise<PhotoAnswer> {
    return this.#run(signal, async (explainers) => {
      const startedAt = performance.now()
      const logits = await this.#modelOf(explainers).predict(encodePhotos([photo]), { signal })
      const probabilities = softmax(logits)
      const label = findGreatest(probabilities.data)
      return { photo, probabilities, label, durationMs: performance.now() - startedAt }
    })
  }

  drawMap(photo: Photo, target: number, { signal, onProgress }: CallOptions): Promise<HeatMap> {
    return this.#run(signal, async (explainers) => {
      const startedAt = performance.now()
      const integrated = this.#keptMaps.get([explainers], () =>
        explainers.integratedGradients({
          layer: mapLayer,
          nSteps: mapSteps,
          internalBatchSize: pathBatch,
          device: 'wasm',
        }),
      )
      const explanation = await integrated.explain(encodePhotos([photo]), {
        target,
        signal,
        onProgress,
      })
      const { attributions, deltas } = explanation.data
      const [ofLayer] = attributions
      if (ofLayer === undefined) throw new Error('The explanation has no attributions.')
      const spread = spreadCells(ofLayer)
      return {
        photo,
        target,
        explanation: {
          meta: explanation.meta,
          data: { ...explanation.data, attributions: [spread] },
        },
        total: Array.from(spread.data).reduce((sum, value) => sum + value, 0),
        delta: deltas.data[0] ?? NaN,
        durationMs: performance.now() - startedAt,
      }
    })
  }

  /** Ranks the reference photos, whose gradients are computed by the first call. */
  rank(photo: Photo, references: readonly Photo[], options: CallOptions): Promise<PhotoRanking> {
    const { signal } = options
    return this.#run(signal, async (explainers) => {
      const startedAt = performance.now()
      const { similarity, labels } = await this.#fit(explainers, references, options)
      const explanation = await similarity.explain(encodePhotos([photo]), undefined, { signal })
      const { scores, orderedIndices } = explanation.data
      const ranked = Array.from(orderedIndices.data, (index, rank) => ({
        index,
        score: scores.data[rank] ?? NaN,
      }))
      return {
        // A reference photo is not compared with itself.
        ranked: ranked.filter(({ index }) => references[index] !== photo),
        labels,
        storedByteLength: similarity.gradientBytes,
        durationMs: performance.now() - startedAt,
      }
    })
  }

  async #fit(
    explainers: RemoteExplainers,
    references: readonly Photo[],
    { signal, onProgress }: CallOptions,
  ): Promise<Fitted> {
    if (this.#fitted?.explainers === explainers) return this.#fitted
    const similarity = explainers.gradientSimilarity('sparseCategoricalCrossentropyFromLogits', {
      simFn: 'grad_cos',
      parameters: explainers.value('lastLayers'),
      precomputeGrads: true,
      device: 'wasm',
    })
    try {
      const x = encodePhotos(references)
      const { data } = await this.#modelOf(explainers).predict(x, { signal })
      const classCount = data.length / references.length
      const labels = references.map((_, n) =>
        findGreatest(data.subarray(n * classCount, (n + 1) * classCount)),
      )
      await similarity.fit(x, labels, { signal, onProgress })
      this.#fitted = { explainers, similarity, labels }
      return this.#fitted
    } catch (error) {
      similarity.dispose()
      throw error
    }
  }

  #modelOf(explainers: RemoteExplainers): RemoteModel {
    return this.#kept.get([explainers], () => explainers.model({ device: 'wasm' }))
  }

  #run<Result>(
    signal: AbortSignal,
    work: (explainers: RemoteExplainers) => Promise<Result>,
  ): Promise<Result> {
    this.#worker ??= new ExplainingWorker(
      () =>
        new Worker(workerUrl, {
          type: 'module',
          name: writeWorkerName({ folder: this.#folder, device: 'wasm' }),
        }),
    )
    return this.#worker.run(signal, work)
  }
}

/** The probabilities of one example's logits, [classes]. */
function softmax({ data }: NdArray): NdArray {
  const greatest = data[findGreatest(data)] ?? 0
  const powers = Float32Array.from(data, (logit) => Math.exp(logit - greatest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return { data: powers.map((power) => power / sum), shape: [data.length] }
}
