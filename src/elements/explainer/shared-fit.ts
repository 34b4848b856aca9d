import type { JobOptions } from './job.js'
import type { SimilarityLike } from './structural-explainers.js'

interface RunningFit {
  readonly similarity: SimilarityLike
  readonly xTrain: unknown
  readonly yTrain: unknown
  readonly controller: AbortController
  readonly result: Promise<unknown>
  onProgress: JobOptions['onProgress']
  durationMs: number | undefined
}

/** The fit of an explainer, which is done once and goes on when another example is asked about meanwhile. */
export class SharedFit {
  #fit: RunningFit | undefined

  /** How long the fit took that was done last, in ms. */
  get durationMs(): number | undefined {
    return this.#fit?.durationMs
  }

  /** Resolves once the explainer is fitted with these examples; rejects with the signal's reason, without ending the fit. */
  async of(
    similarity: SimilarityLike,
    xTrain: unknown,
    yTrain: unknown,
    { signal, onProgress }: JobOptions,
  ): Promise<void> {
    const before = this.#fit
    const isSame =
      before?.similarity === similarity && before.xTrain === xTrain && before.yTrain === yTrain
    const fit = isSame ? before : this.#begin(similarity, xTrain, yTrain, onProgress)
    fit.onProgress = onProgress
    await untilAborted(fit.result, signal)
  }

  /** Ends the fit if it runs; the next one begins anew. */
  drop(reason: unknown): void {
    this.#fit?.controller.abort(reason)
    if (this.#fit?.durationMs === undefined) this.#fit = undefined
  }

  #begin(
    similarity: SimilarityLike,
    xTrain: unknown,
    yTrain: unknown,
    onProgress: JobOptions['onProgress'],
  ): RunningFit {
    this.#fit?.controller.abort(new DOMException('Another fit has taken its place.', 'AbortError'))
    const controller = new AbortController()
    const startedAt = performance.now()
    const call = {
      signal: controller.signal,
      onProgress: (progress: Parameters<JobOptions['onProgress']>[0]): void => {
        fit.onProgress(progress)
      },
    }
    // Called by and by, since progress may be reported at once.
    const result = Promise.resolve().then(() => similarity.fit?.(xTrain, yTrain, call))
    const fit: RunningFit = {
      similarity,
      xTrain,
      yTrain,
      controller,
      result,
      onProgress,
      durationMs: undefined,
    }
    this.#fit = fit
    result.then(
      () => {
        fit.durationMs = performance.now() - startedAt
      },
      () => {
        if (this.#fit === fit) this.#fit = undefined
      },
    )
    return fit
  }
}

async function untilAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  let abort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(signal.reason as Error)
    }
  })
  signal.addEventListener('abort', abort)
  try {
    await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
