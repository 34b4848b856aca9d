import { DeviceError, DisposedError, InvalidArgumentError } from '../errors.js'
import { checkSignal, type CallOptions, describe, type Progress } from '../options.js'
import { type ConnectOptions, readTimeout } from './connect-options.js'
import { decodeError, encodeError } from './errors.js'
import type {
  ExplainerName,
  ExplainerState,
  FromWorker,
  ModelDescription,
  ToWorker,
} from './messages.js'
import { packValue } from './values.js'

/** A worker that exposes explainers, as the page sees it. */
export interface ExplainerWorker {
  /** Sends a message and transfers its buffers. */
  postMessage(message: ToWorker, transfer: Transferable[]): void
  /** Listens to the worker's messages. */
  addEventListener(type: 'message', listener: (event: MessageEvent<FromWorker>) => void): void
  /** Listens to errors of the script and of messages. */
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void
  /** Of a Worker. */
  terminate?(): void
  /** Of a MessagePort. */
  start?(): void
  /** Of a MessagePort. */
  close?(): void
}

interface PendingCall {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: ((progress: Progress) => void) | undefined
}

export interface Answer {
  readonly value: unknown
  readonly state: ExplainerState
}

interface Source {
  read(start: number, end: number, options: object): unknown
}

/** The page's side of a worker: requests that are answered, aborted, or end with the worker. */
export class WorkerConnection {
  readonly ready: Promise<ModelDescription>
  readonly #worker: ExplainerWorker
  /** By explainer: when the worker has been told to create it. */
  readonly #creations = new Map<number, Promise<void>>()
  readonly #calls = new Map<number, PendingCall>()
  readonly #sources = new Map<number, Source>()
  readonly #handshake: ReturnType<typeof setTimeout>
  #lastNumber = 0
  #end: Error | undefined
  #settleReady!: { resolve(model: ModelDescription): void; reject(error: Error): void }

  /** @throws InvalidArgumentError for anything but a Worker or a MessagePort, and for a wrong option */
  constructor(worker: ExplainerWorker, options: ConnectOptions = {}) {
    checkWorker(worker)
    const timeoutMs = readTimeout(options)
    this.#worker = worker
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    // Every call waits for it, and says why it failed.
    this.ready.catch(() => undefined)
    worker.addEventListener('message', ({ data }) => {
      this.#receive(data)
    })
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      const { message } = event as ErrorEvent
      this.close(
        message
          ? describeStop(`it threw an error that nothing caught: ${message.replace(/\.$/, '')}.`)
          : describeStop(
              "its script could not be loaded. Check its address, and the page's content security policy.",
            ),
      )
    })
    worker.addEventListener('messageerror', () => {
      this.close(describeStop('one of its messages could not be read.'))
    })
    worker.start?.()
    this.#handshake = setTimeout(() => {
      this.close(describeSilence(timeoutMs))
    }, timeoutMs)
    // The worker says so itself, but maybe before the page listens.
    this.#send({ kind: 'connect' })
  }

  /** Has the worker create an explainer; returns the number by which calls refer to it. */
  create(name: ExplainerName, given: readonly (readonly [string, unknown])[]): number {
    const explainer = this.#lastNumber++
    const creation = this.#pack(given).then(async ({ values, transfer }) => {
      await this.ready
      this.#send({ kind: 'create', explainer, name, arguments: values }, transfer)
    })
    // Each call waits for it, and rejects with the reason.
    creation.catch(() => undefined)
    this.#creations.set(explainer, creation)
    return explainer
  }

  /**
   * Calls a method of an explainer in the worker.
   *
   * @throws the signal's reason at once when it aborts; the error of the worker's method, in its own class
   */
  async call(
    explainer: number,
    method: string,
    given: readonly (readonly [string, unknown])[],
    { signal, onProgress, ...options }: CallOptions & Readonly<Record<string, unknown>>,
  ): Promise<Answer> {
    checkSignal(signal)
    signal?.throwIfAborted()
    const id = this.#lastNumber++
    const sources: number[] = []
    let abort: (() => void) | undefined
    try {
      return await new Promise<Answer>((resolve, reject) => {
        abort = () => {
          if (this.#calls.delete(id)) this.#send({ kind: 'abort', id })
          reject(signal?.reason as Error)
        }
        signal?.addEventListener('abort', abort)
        this.#calls.set(id, { resolve, reject, onProgress })
        this.#ask(id, explainer, method, given, options, sources).catch(reject)
      })
    } finally {
      if (abort !== undefined) signal?.removeEventListener('abort', abort)
      this.#calls.delete(id)
      for (const source of sources) this.#sources.delete(source)
    }
  }

  /** Disposes of an explainer in the worker. */
  dispose(explainer: number): void {
    const creation = this.#creations.get(explainer)
    this.#creations.delete(explainer)
    creation?.then(
      () => {
        if (this.#end === undefined) this.#send({ kind: 'dispose', explainer })
      },
      () => undefined,
    )
  }

  /** Ends the worker. What it was asked for rejects. */
  close(reason: Error = new DisposedError('The connection to the worker was disposed.')): void {
    if (this.#end !== undefined) return
    this.#end = reason
    clearTimeout(this.#handshake)
    this.#settleReady.reject(reason)
    for (const { reject } of this.#calls.values()) reject(reason)
    this.#calls.clear()
    this.#send({ kind: 'close' })
    this.#worker.terminate?.()
    this.#worker.close?.()
  }

  async #ask(
    id: number,
    explainer: number,
    method: string,
    given: readonly (readonly [string, unknown])[],
    options: Readonly<Record<string, unknown>>,
    sources: number[],
  ): Promise<void> {
    const creation = this.#creations.get(explainer)
    if (creation === undefined) {
      throw new DisposedError('This explainer was disposed; create a new one.')
    }
    const [{ values, transfer }, packedOptions] = await Promise.all([
      this.#pack(given, sources),
      packValue('', options),
    ])
    await creation
    if (this.#end !== undefined) throw this.#end
    if (!this.#calls.has(id)) return
    this.#send(
      {
        ...{ kind: 'call', id, explainer, method, arguments: values },
        options: packedOptions.value as Readonly<Record<string, unknown>>,
      },
      [...transfer, ...packedOptions.transfer],
    )
  }

  async #pack(
    given: readonly (readonly [string, unknown])[],
    sources: number[] = [],
  ): Promise<{ values: unknown[]; transfer: ArrayBuffer[] }> {
    const addSource = (source: Source): number => {
      const number = this.#lastNumber++
      this.#sources.set(number, source)
      sources.push(number)
      return number
    }
    const packed = await Promise.all(
      given.map(([name, value]) => packValue(name, value, { addSource })),
    )
    return {
      values: packed.map(({ value }) => value),
      transfer: packed.flatMap(({ transfer }) => transfer),
    }
  }

  #send(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'exposed':
        clearTimeout(this.#handshake)
        break
      case 'ready':
        this.#settleReady.resolve(message.model)
        break
      case 'failed':
        this.close(decodeError(message.error))
        break
      case 'progress':
        this.#report(message.id, message.progress)
        break
      case 'result':
        this.#calls.get(message.id)?.resolve(message)
        break
      case 'failure':
        this.#calls.get(message.id)?.reject(decodeError(message.error))
        break
      case 'read':
        void this.#read(message)
        break
    }
  }

  /** A callback that throws ends its call. */
  #report(id: number, progress: Progress): void {
    const call = this.#calls.get(id)
    try {
      call?.onProgress?.(progress)
    } catch (error) {
      this.#calls.delete(id)
      this.#send({ kind: 'abort', id })
      call?.reject(error)
    }
  }

  async #read({ read, source, start, end }: FromWorker & { kind: 'read' }): Promise<void> {
    try {
      const own = this.#sources.get(source)
      if (own === undefined)
        throw new DisposedError('The call that reads these examples has ended.')
      const { value, transfer } = await packValue('examples', await own.read(start, end, {}))
      this.#send({ kind: 'examples', read, examples: value }, transfer)
    } catch (error) {
      if (this.#end === undefined) {
        this.#send({ kind: 'no examples', read, error: encodeError(error) })
      }
    }
  }
}

const describeStop = (reason: string): DeviceError =>
  new DeviceError('worker', `The worker of the explainers has stopped: ${reason}`)

const describeSilence = (timeoutMs: number): DeviceError =>
  new DeviceError(
    'worker',
    `The worker did not call exposeExplainers within ${timeoutMs / 1000} seconds. Call it in the worker's script, ` +
      'and report a failed import to the page: .catch(reportError). If the script takes longer to download, set ' +
      'timeoutMs.',
  )

function checkWorker(worker: unknown): void {
  const { postMessage, addEventListener } = (worker ?? {}) as Partial<ExplainerWorker>
  if (typeof postMessage === 'function' && typeof addEventListener === 'function') return
  throw new InvalidArgumentError('worker', describe(worker), 'a Worker, or a MessagePort')
}
