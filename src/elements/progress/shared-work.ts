import type { JobOptions } from './job.js'

interface Run<Value> {
  readonly key: readonly unknown[]
  readonly controller: AbortController
  readonly result: Promise<Value>
  onProgress: JobOptions['onProgress']
  durationMs: number | undefined
}

/**
 * Long work that several requests share, such as the fit of an explainer. It runs once per key, and
 * it continues when the request that started it is aborted.
 */
export class SharedWork<Value> {
  #run: Run<Value> | undefined

  /** How long the finished work took, in ms; undefined before it finishes. */
  get durationMs(): number | undefined {
    return this.#run?.durationMs
  }

  /**
   * The result of the work for this key. Work that is running or finished for an equal key is
   * reused; work for another key is aborted.
   *
   * @param key the values that the result depends on, compared by identity
   * @param options an abort rejects with the signal's reason, without ending the work
   */
  async get(
    key: readonly unknown[],
    work: (options: JobOptions) => Promise<Value>,
    { signal, onProgress }: JobOptions,
  ): Promise<Value> {
    const last = this.#run
    const isSame = last?.key.length === key.length && last.key.every((value, i) => value === key[i])
    const run = isSame ? last : this.#start(key, work, onProgress)
    run.onProgress = onProgress
    return raceAbort(run.result, signal)
  }

  /** Aborts the work if it is running. A finished result is kept. */
  drop(reason: unknown): void {
    this.#run?.controller.abort(reason)
    if (this.#run?.durationMs === undefined) this.#run = undefined
  }

  #start(
    key: readonly unknown[],
    work: (options: JobOptions) => Promise<Value>,
    onProgress: JobOptions['onProgress'],
  ): Run<Value> {
    const replaced = new DOMException('Work for other inputs replaced this work.', 'AbortError')
    this.#run?.controller.abort(replaced)
    const controller = new AbortController()
    const startedAt = performance.now()
    const options: JobOptions = {
      signal: controller.signal,
      onProgress: (progress) => {
        run.onProgress(progress)
      },
    }
    // Started in a microtask, because the work may report progress before it returns.
    const result = Promise.resolve().then(() => work(options))
    const run: Run<Value> = { key, controller, result, onProgress, durationMs: undefined }
    this.#run = run
    result.then(
      () => {
        run.durationMs = performance.now() - startedAt
      },
      () => {
        if (this.#run === run) this.#run = undefined
      },
    )
    return run
  }
}

async function raceAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted()
  let abort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(signal.reason as Error)
    }
  })
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
