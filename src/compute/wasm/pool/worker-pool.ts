import { DisposedError } from '../../../errors.js'
import { PoolWorker } from './pool-worker.js'

/** More workers don't score faster: memory bandwidth is the limit, and each stores a copy of each test block. */
const mostWorkers = 8

/** A worker has one block in progress and one in its queue. */
const tasksAhead = 2

/** The page's workers, shared by all backends. They end with the last one. */
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
   * Joins the shared pool, with one worker running at least; call `leave` when done.
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
    this.#close(new DisposedError('The last backend of the page was disposed.'))
  }

  #close(reason: Error): void {
    this.#closed = reason
    for (const worker of [...this.#workers]) worker.end(reason)
    this.#notifyWaiting()
  }

  /** Finds a worker for a block: the one with the fewest tasks, and among those the one that stores least. */
  async findFreeWorker(): Promise<PoolWorker> {
    for (;;) {
      if (this.#closed !== undefined) throw this.#closed
      if (this.#workers.length === 0) await this.#start()
      const [first] = this.#workers.sort(
        (a, b) => a.pendingCount - b.pendingCount || a.cachedBytes - b.cachedBytes,
      )
      if (first !== undefined && first.pendingCount > 0) this.#grow()
      if (first !== undefined && first.pendingCount < tasksAhead) return first
      await this.#waitForChange()
    }
  }

  /** Resolves when the worker has fewer tasks than that. */
  async waitForRoom(worker: PoolWorker, tasks: number): Promise<void> {
    while (worker.ended === undefined && worker.pendingCount >= tasks) await this.#waitForChange()
  }

  #waitForChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** Starts another worker in the background; if that fails, the pool stays as it is. */
  #grow(): void {
    if (!this.#canGrow || this.#workers.length >= this.#size) return
    this.#start().catch(() => {
      this.#canGrow = false
    })
  }

  #start(): Promise<PoolWorker> {
    this.#starting ??= this.#startOne().finally(() => {
      this.#starting = undefined
      this.#notifyWaiting()
    })
    return this.#starting
  }

  async #startOne(): Promise<PoolWorker> {
    const worker = await PoolWorker.start(this.#compiled, () => {
      this.#notifyWaiting()
    })
    this.#workers.push(worker)
    if (this.#closed === undefined) return worker
    worker.end(this.#closed)
    throw this.#closed
  }

  #notifyWaiting(): void {
    const alive = this.#workers.filter(({ ended }) => ended === undefined)
    this.#workers.splice(0, this.#workers.length, ...alive)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
