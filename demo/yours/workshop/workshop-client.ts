import { connectExplainers, type RemoteExplainers } from 'gradlens/worker'
import workerUrl from '../../workers/yours-worker.ts?worker&url'
import { FileError } from '../files/named-file.js'
import type { FromWorkshop, ToWorkshop, WorkOptions } from './messages.js'
import type { ConnectPlan, Workshop } from './workshop.js'

type Methods = Omit<Workshop, 'connect'>
/** A method's arguments without its options, which the worker adds. */
type Arguments<Name extends keyof Methods> =
  Parameters<Methods[Name]> extends [...infer Given, WorkOptions]
    ? Given
    : Parameters<Methods[Name]>

interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

interface Pending extends CallOptions {
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** The workshop in a worker of its own. */
export class WorkshopClient {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #last = 0

  constructor() {
    this.#worker = new Worker(workerUrl, { type: 'module', name: 'yours' })
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorkshop>) => {
      this.#receive(data)
    })
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault()
      this.#end(
        new Error(`The worker stopped: ${event.message || 'its script could not be loaded'}.`),
      )
    })
  }

  /** Calls a method in the worker. Rejects with the signal's reason as soon as it aborts. */
  call<Name extends keyof Methods>(
    method: Name,
    given: Arguments<Name>,
    options: CallOptions = {},
  ): Promise<Awaited<ReturnType<Methods[Name]>>> {
    return this.#send(method, given, options, [])
  }

  /** Connects explainers of the model, with the encoded examples as named values. */
  async connect(plan: ConnectPlan): Promise<RemoteExplainers> {
    const { port1, port2 } = new MessageChannel()
    const explainers = connectExplainers(port1)
    try {
      await this.#send('connect', [port2, plan], {}, [port2])
      await explainers.ready
      return explainers
    } catch (error) {
      explainers.dispose()
      throw error
    }
  }

  /** Ends the worker. Calls that still run reject. */
  dispose(): void {
    this.#worker.terminate()
    this.#end(new DOMException('The model was replaced.', 'AbortError'))
  }

  #send<Value>(
    method: string,
    given: readonly unknown[],
    options: CallOptions,
    transfer: Transferable[],
  ): Promise<Value> {
    const id = this.#last++
    const { signal } = options
    return new Promise<Value>((resolve, reject) => {
      signal?.throwIfAborted()
      this.#pending.set(id, { ...options, resolve, reject })
      signal?.addEventListener(
        'abort',
        () => {
          if (!this.#pending.delete(id)) return
          this.#worker.postMessage({ kind: 'abort', id } satisfies ToWorkshop)
          reject(signal.reason as Error)
        },
        { once: true },
      )
      const message: ToWorkshop = { kind: 'call', id, method, arguments: given }
      this.#worker.postMessage(message, transfer)
    })
  }

  #receive(message: FromWorkshop): void {
    const pending = this.#pending.get(message.id)
    if (pending === undefined) return
    if (message.kind === 'progress') {
      pending.onProgress?.(message.done, message.total)
      return
    }
    this.#pending.delete(message.id)
    if (message.kind === 'result') {
      pending.resolve(message.value as never)
      return
    }
    const Kind = message.name === 'FileError' ? FileError : Error
    pending.reject(Object.assign(new Kind(message.message), { name: message.name }))
  }

  #end(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}
