import { connectExplainers, type ExplainerWorker, type RemoteExplainers } from 'gradlens/worker'

/** The explainers of the page's model in a worker of their own. A worker that stopped is replaced. */
export class ExplainingWorker {
  readonly #start: () => ExplainerWorker
  #explainers: RemoteExplainers | undefined
  #generation = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(start: () => ExplainerWorker) {
    this.#start = start
    this.#connect()
  }

  /** Counts the workers that have stopped. What was fitted in them is lost. */
  get generation(): number {
    return this.#generation
  }

  /** The explainers of the worker. Work that is called directly on them runs at the same time as other work. */
  get explainers(): RemoteExplainers {
    return this.#explainers ?? this.#connect()
  }

  /**
   * Runs one piece of work after the other, so that a short one is not slowed by the next. Work that
   * is aborted while it waits never starts.
   */
  run<Result>(
    signal: AbortSignal,
    work: (explainers: RemoteExplainers) => Promise<Result>,
  ): Promise<Result> {
    const result = this.#last.then(() => {
      signal.throwIfAborted()
      return work(this.explainers)
    })
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Ends the worker, and rejects what runs in it. The next work starts another one. */
  stop(): void {
    if (this.#explainers === undefined) return
    this.#explainers.dispose()
    this.#explainers = undefined
    this.#generation++
  }

  #connect(): RemoteExplainers {
    const worker = this.#start()
    const explainers = connectExplainers(worker)
    this.#explainers = explainers
    const forget = (): void => {
      if (this.#explainers !== explainers) return
      this.#explainers = undefined
      this.#generation++
    }
    explainers.ready.catch(forget)
    worker.addEventListener('error', forget)
    return explainers
  }
}
