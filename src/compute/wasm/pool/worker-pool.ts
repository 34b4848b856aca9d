import { DisposedError } from '../../../errors.js'
import { PoolWorker } from './pool-worker.js'

/** More workers than this share the memory's speed, which is the limit of scoring, and hold a copy of each test block. */
const mostWorkers = 8

/** A worker has one block in work and the next one at hand. */
const tasksAhead = 2

/** The page's workers, shared by all that compute in it; they end with the last user. */
export class WorkerPool {
  static #shared: WorkerPool | undefined
  static #userCount = 0

  readonly #compiled: WebAssembly.Module
  readonly #size = Math.min(navigator.hardwareConcurrency || 1, mostWorkers)
  readonly #workers: PoolWorker[] = []
  readonly #waiting: (() => void)[] = []
  #starting: Promise<PoolWorker> | undefined
  #canGrow = true
  #closed: Error | undefined

  private constructor(compiled: WebAssembly.Module) {
    this.#compiled = compiled
  }

  /**
   * The shared pool, in which a worker runs; each user gives it back by `leave`.
   *
   * @throws DeviceError, or what `new Worker` throws, where workers are refused
   */
  static async join(compiled: WebAssembly.Module): Promise<WorkerPool> {
    const pool = (this.#shared ??= new WorkerPool(compiled))
    this.#userCount++
    try {
      if (pool.#workers.length === 0) await pool.#start()
      return pool
    } catch (error) {
      pool.leave()
      throw error
    }
  }

  leave(): void {
    if (--WorkerPool.#userCount > 0) return
    WorkerPool.#shared = undefined
    this.#close(new DisposedError('the last Compute of the page was disposed.'))
  }

  #close(reason: Error): void {
    this.#closed = reason
    for (const worker of [...this.#workers]) worker.end(reason)
    this.#changed()
  }

  /** A worker that can take a block: the one with least to do, and of those the one that holds least. */
  async withRoom(): Promise<PoolWorker> {
    for (;;) {
      if (this.#closed !== undefined) throw this.#closed
      if (this.#workers.length === 0) await this.#start()
      const [first] = this.#workers.sort(
        (a, b) => a.pendingCount - b.pendingCount || a.cachedBytes - b.cachedBytes,
      )
      if (first !== undefined && first.pendingCount > 0) this.#grow()
      if (first !== undefined && first.pendingCount < tasksAhead) return first
      await this.#change()
    }
  }

  /** Resolves when the worker has room for one more task. */
  async roomIn(worker: PoolWorker, tasks: number): Promise<void> {
    while (worker.ended === undefined && worker.pendingCount >= tasks) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** While another worker starts, those that there are work on; if it cannot, they do all the work. */
  #grow(): void {
    if (!this.#canGrow || this.#workers.length >= this.#size) return
    this.#start().catch(() => {
      this.#canGrow = false
    })
  }

  #start(): Promise<PoolWorker> {
    this.#starting ??= this.#startOne().finally(() => {
      this.#starting = undefined
      this.#changed()
    })
    return this.#starting
  }

  async #startOne(): Promise<PoolWorker> {
    const worker = await PoolWorker.start(this.#compiled, () => {
      this.#changed()
    })
    this.#workers.push(worker)
    if (this.#closed === undefined) return worker
    worker.end(this.#closed)
    throw this.#closed
  }

  #changed(): void {
    const alive = this.#workers.filter(({ ended }) => ended === undefined)
    this.#workers.splice(0, this.#workers.length, ...alive)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
