import type { Progress } from 'gradlens'
import type { FromWorker, MethodName, Methods, Start, ToWorker } from './protocol.js'

export interface CallOptions {
  /**
   * Ends the call: it rejects with `signal.reason` at once, and the worker stops at its next check.
   */
  readonly signal: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

interface PendingCall {
  readonly resolve: (result: unknown) => void
  readonly reject: (reason: unknown) => void
  readonly onProgress: ((progress: Progress) => void) | undefined
}

/** Calls methods in its own worker. A worker that has crashed is replaced at the next call. */
export class WorkerClient {
  readonly #startWith: Start
  readonly #pending = new Map<number, PendingCall>()
  #worker: Worker | undefined
  #nextId = 0

  constructor(start: Start) {
    this.#startWith = start
    this.#worker = this.#start()
  }

  async call<Name extends MethodName>(
    method: Name,
    callArguments: Methods[Name]['arguments'],
    { signal, onProgress }: CallOptions,
  ): Promise<Methods[Name]['result']> {
    signal.throwIfAborted()
    const worker = (this.#worker ??= this.#start())
    const id = this.#nextId++
    const cancel = (): void => {
      post(worker, { kind: 'cancel', id })
      this.#settle(id)?.reject(signal.reason)
    }
    signal.addEventListener('abort', cancel)
    try {
      return await new Promise<Methods[Name]['result']>((resolve, reject) => {
        this.#pending.set(id, { resolve: resolve as PendingCall['resolve'], reject, onProgress })
        post(worker, { kind: 'call', id, method, arguments: callArguments } as ToWorker)
      })
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./explainer-worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      this.#receive(data)
    })
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      worker.terminate()
      this.#worker = undefined
      const reason = event.message === '' ? 'its script could not be loaded' : event.message
      const error = new Error(`The worker stopped: ${reason}. Try again.`)
      for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error)
    })
    post(worker, { kind: 'start', ...this.#startWith })
    return worker
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'progress') {
      this.#pending.get(message.id)?.onProgress?.(message.progress)
    } else if (message.kind === 'result') {
      this.#settle(message.id)?.resolve(message.result)
    } else {
      this.#settle(message.id)?.reject(new Error(message.message))
    }
  }

  #settle(id: number): PendingCall | undefined {
    const call = this.#pending.get(id)
    this.#pending.delete(id)
    return call
  }
}

function post(worker: Worker, message: ToWorker): void {
  worker.postMessage(message)
}
