import { DisposedError } from '../../../errors.js'
import type { DeviceGradients, Ranker } from '../../gradient-backend.js'
import type { Ranking, RankingOptions } from '../../ranking.js'
import { mergeRankings } from '../ranking/merge-rankings.js'
import type { PoolGradients } from './pool-gradients.js'
import type { PoolWorker } from './pool-worker.js'
import type { WorkerPool } from './worker-pool.js'

/** Tiles queued for a worker: they carry no numbers, and keep it busy while the page is busy. */
const tilesAhead = 64

/** Ranks in the workers: each scores the training examples that it stores, and their rankings are merged at the end. */
export class PoolRanker implements Ranker {
  readonly #pool: WorkerPool
  readonly #options: RankingOptions
  readonly #key: number
  readonly #workers = new Set<PoolWorker>()
  readonly #track: (work: Promise<unknown>) => void
  readonly #onDispose: (ranker: PoolRanker) => void
  #failure: { readonly reason: unknown } | undefined
  #isDisposed = false

  constructor(
    pool: WorkerPool,
    key: number,
    options: RankingOptions,
    track: (work: Promise<unknown>) => void,
    onDispose: (ranker: PoolRanker) => void,
  ) {
    this.#pool = pool
    this.#key = key
    this.#options = options
    this.#track = track
    this.#onDispose = onDispose
  }

  async add(
    testGradients: DeviceGradients,
    testStart: number,
    trainGradients: DeviceGradients,
    trainStart: number,
  ): Promise<void> {
    const [test, train] = [testGradients as PoolGradients, trainGradients as PoolGradients]
    const worker = train.owner
    this.#check()
    await test.copyTo(worker)
    await this.#pool.waitForRoom(worker, tilesAhead)
    this.#check()
    if (!this.#workers.has(worker)) {
      this.#workers.add(worker)
      this.#note(worker.ask({ kind: 'openRanking', ranking: this.#key, options: this.#options }))
    }
    const pair = { test: test.key, testStart, train: train.key, trainStart }
    this.#note(worker.ask({ kind: 'add', ranking: this.#key, ...pair }))
  }

  async finish(): Promise<Ranking> {
    this.#check()
    // A worker replies in order, so that earlier failures are known by now.
    const parts = await Promise.all(
      Array.from(this.#workers, (worker) => worker.ask({ kind: 'finish', ranking: this.#key })),
    )
    this.#check()
    return mergeRankings(this.#options, parts)
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#onDispose(this)
    for (const worker of this.#workers) {
      worker.ask({ kind: 'closeRanking', ranking: this.#key }).catch(() => undefined)
    }
  }

  #note(work: Promise<unknown>): void {
    this.#track(work)
    work.catch((error: unknown) => {
      this.#failure ??= { reason: error }
    })
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.reason
    if (this.#isDisposed) throw new DisposedError('This ranking was disposed; open another one.')
  }
}
