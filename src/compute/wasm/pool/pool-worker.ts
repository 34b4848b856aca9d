import { DeviceError } from '../../../errors.js'
import { waitForNextTask } from '../../../scheduling.js'
import { toError, type Reply, type Request, type Task, type TaskResults } from './messages.js'
import WorkerScript from './worker.js?worker&inline'

/** More than a worker needs to start on a very busy machine. */
const startTimeoutMs = 20_000

/** Tasks without a result: several share one message, which costs as much as a small tile. */
const batchedKinds: ReadonlySet<Task['kind']> = new Set([
  'openRanking',
  'add',
  'release',
  'closeRanking',
])

/** A full batch is sent at once, so that the worker starts while the page adds more. */
const maxBatchSize = 16

interface Pending {
  readonly resolve: (result: never) => void
  readonly reject: (reason: Error) => void
}

/** A worker of the page's pool. */
export class PoolWorker {
  /** The bytes of the blocks that this worker stores. */
  cachedBytes = 0
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #watch = new AbortController()
  readonly #onReply: () => void
  #batch: Request[] = []
  #lastId = 0
  #ended: Error | undefined

  private constructor(onReply: () => void) {
    this.#onReply = onReply
    this.#worker = new WorkerScript({ name: 'gradlens' })
    this.#worker.onmessage = ({ data }: MessageEvent<readonly Reply[]>): void => {
      for (const reply of data) this.#settle(reply)
      this.#onReply()
    }
    this.#worker.onmessageerror = (): void => {
      this.end(new DeviceError('wasm', 'A message of a worker could not be read.'))
    }
    this.#worker.onerror = (event): void => {
      event.preventDefault()
      const reason =
        event.message ||
        "its script was refused, by the page's content security policy or the network"
      this.end(new DeviceError('wasm', `a worker failed: ${reason}.`))
    }
  }

  /**
   * @param onReply called when tasks have been completed
   * @throws DeviceError, or what `new Worker` throws
   */
  static async start(compiled: WebAssembly.Module, onReply: () => void): Promise<PoolWorker> {
    const worker = new PoolWorker(onReply)
    const lockName = `gradlens-${Math.random()}`
    const timer = setTimeout(() => {
      worker.end(new DeviceError('wasm', `a worker did not start within ${startTimeoutMs} ms.`))
    }, startTimeoutMs)
    try {
      await worker.ask({ kind: 'start', compiled, lockName })
    } finally {
      clearTimeout(timer)
    }
    void worker.#watchLock(lockName)
    return worker
  }

  /** Why the worker has ended; undefined while it runs. */
  get ended(): Error | undefined {
    return this.#ended
  }

  /** The number of tasks without a reply. */
  get pendingCount(): number {
    return this.#pending.size
  }

  ask<Asked extends Task>(
    task: Asked,
    transfer: Transferable[] = [],
  ): Promise<TaskResults[Asked['kind']]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended)
        return
      }
      const request: Request = { id: ++this.#lastId, task }
      this.#pending.set(request.id, { resolve, reject })
      this.#batch.push(request)
      if (!batchedKinds.has(task.kind) || this.#batch.length >= maxBatchSize) this.#send(transfer)
      else if (this.#batch.length === 1)
        void waitForNextTask().then(() => {
          this.#send([])
        })
    })
  }

  /** Ends the worker; pending tasks reject with the reason. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    this.#worker.terminate()
    this.#watch.abort()
    for (const { reject } of this.#pending.values()) reject(reason)
    this.#pending.clear()
    this.#onReply()
  }

  #send(transfer: Transferable[]): void {
    if (this.#batch.length === 0 || this.#ended !== undefined) return
    this.#worker.postMessage(this.#batch, transfer)
    this.#batch = []
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id)
    if (pending === undefined) return
    this.#pending.delete(reply.id)
    if ('failure' in reply) pending.reject(toError(reply.failure))
    else pending.resolve(reply.result as never)
  }

  /** A worker that the browser kills, because of memory for example, fires no event, but its lock becomes free. */
  async #watchLock(name: string): Promise<void> {
    try {
      await navigator.locks.request(name, { signal: this.#watch.signal }, () => {
        this.end(
          new DeviceError(
            'wasm',
            'a worker was ended by the browser; it may have run out of memory.',
          ),
        )
      })
    } catch {
      // Ended by us, or no locks for this page.
    }
  }
}
