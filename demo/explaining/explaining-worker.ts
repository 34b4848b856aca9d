import { connectExplainers, type ExplainerWorker, type RemoteExplainers } from 'gradlens/worker'

/**
 * The explainers of the page's model in a worker of their own. A worker that failed or was stopped is
 * replaced.
 */
export class ExplainingWorker {
  readonly #create: () => ExplainerWorker
  #explainers: RemoteExplainers | undefined

  constructor(create: () => ExplainerWorker) {
    this.#create = create
  }

  /** Starts the worker before it is needed. */
  start(): void {
    this.#explainers ??= this.#connect()
  }

  /** The explainers of the worker, which starts if none is running. What was fitted in another is lost. */
  get explainers(): RemoteExplainers {
    return this.#explainers ?? this.#connect()
  }

  /** Ends the worker, and rejects what runs in it. */
  stop(): void {
    this.#explainers?.dispose()
    this.#explainers = undefined
  }

  #connect(): RemoteExplainers {
    const worker = this.#create()
    const explainers = connectExplainers(worker)
    this.#explainers = explainers
    const forget = (): void => {
      if (this.#explainers === explainers) this.stop()
    }
    explainers.ready.catch(forget)
    worker.addEventListener('error', forget)
    return explainers
  }
}
