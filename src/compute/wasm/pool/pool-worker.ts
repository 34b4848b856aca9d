import { DeviceError } from '../../../errors.js'
import { nextTask } from '../../../scheduling.js'
import { errorOf, type Reply, type Request, type Task, type TaskResults } from './messages.js'
import WorkerScript from './worker.js?worker&inline'

/** A worker takes this long to start on a very busy machine; one that needs longer is not coming. */
const startTimeoutMs = 20_000

/** Nobody waits for what these give: several go in one message, which costs as much as the work of a small tile. */
const gathered: ReadonlySet<Task['kind']> = new Set([
  'openRanking',
  'add',
  'release',
  'closeRanking',
])

/** So many, and the worker begins while the page goes on asking. */
const mostGathered = 16

interface Pending {
  readonly resolve: (result: never) => void
  readonly reject: (reason: Error) => void
}

/** A worker of the page's pool. */
export class PoolWorker {
  /** Bytes of the blocks that live in it. */
  cachedBytes = 0
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #watch = new AbortController()
  readonly #onReply: () => void
  #gathered: Request[] = []
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
      this.end(new DeviceError('wasm', 'a message of a worker could not be read.'))
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
   * @param onReply called whenever there is less to do for it than before
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

  /** Why it works no more; undefined while it does. */
  get ended(): Error | undefined {
    return this.#ended
  }

  /** How many tasks it has before it. */
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
      this.#gathered.push(request)
      if (!gathered.has(task.kind) || this.#gathered.length >= mostGathered) this.#send(transfer)
      else if (this.#gathered.length === 1)
        void nextTask().then(() => {
          this.#send([])
        })
    })
  }

  /** Ends it; what it was asked for rejects with the reason. */
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
    if (this.#gathered.length === 0 || this.#ended !== undefined) return
    this.#worker.postMessage(this.#gathered, transfer)
    this.#gathered = []
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id)
    if (pending === undefined) return
    this.#pending.delete(reply.id)
    if ('failure' in reply) pending.reject(errorOf(reply.failure))
    else pending.resolve(reply.result as never)
  }

  /** A worker that is killed, for want of memory say, fires no event; its lock is free then. */
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
