import type { Progress } from '../../options.js'
import type { ExplainCall } from '../explainer/structural-explainers.js'
import { toBytes, type WidgetModel } from './widget-model.js'

/** The functions of the kernel that a widget may call. */
export type RemotePart = 'predict' | 'attribution' | 'similarity'

interface PendingCall {
  readonly resolve: (frame: Uint8Array) => void
  readonly reject: (error: Error) => void
  readonly onProgress: ((progress: Progress) => void) | undefined
}

/** Calls functions of the kernel by messages: one call at a time for each `id`. */
export class RemoteCalls {
  readonly #model: WidgetModel
  readonly #pending = new Map<number, PendingCall>()
  #lastId = 0

  constructor(model: WidgetModel) {
    this.#model = model
    model.on('msg:custom', this.#receive)
  }

  /**
   * The frame that a function of the kernel returns.
   *
   * @throws the error of the kernel, with its name and message; or the signal's reason
   */
  call(
    part: RemotePart,
    { signal, onProgress }: Partial<ExplainCall>,
    target: number | null = null,
  ): Promise<Uint8Array> {
    const id = ++this.#lastId
    return new Promise<Uint8Array>((resolve, reject) => {
      signal?.throwIfAborted()
      const onAbort = (): void => {
        this.#pending.delete(id)
        this.#model.send({ type: 'cancel', id })
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const settle = (): void => {
        signal?.removeEventListener('abort', onAbort)
      }
      this.#pending.set(id, {
        resolve: (frame) => {
          settle()
          resolve(frame)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
        onProgress,
      })
      this.#model.send({ type: 'call', id, part, target })
    })
  }

  /** Stops listening. Calls that are pending are cancelled. */
  dispose(): void {
    this.#model.off('msg:custom', this.#receive)
    for (const id of this.#pending.keys()) this.#model.send({ type: 'cancel', id })
    this.#pending.clear()
  }

  readonly #receive = (content: unknown, buffers: unknown): void => {
    const message = content as Readonly<Record<string, unknown>>
    const id = Number(message['id'])
    // Late messages of a cancelled call are ignored.
    const call = this.#pending.get(id)
    if (call === undefined) return
    const { type, phase, done, total } = message
    if (type === 'progress') {
      call.onProgress?.({ phase, done, total } as Progress)
      return
    }
    this.#pending.delete(id)
    const frame =
      type === 'result' ? toBytes(Array.isArray(buffers) ? buffers[0] : undefined) : null
    if (frame !== null) call.resolve(frame)
    else call.reject(createRemoteError(message))
  }
}

function createRemoteError({ type, name, message }: Readonly<Record<string, unknown>>): Error {
  const isError = type === 'error' && typeof message === 'string' && message !== ''
  const error = new Error(isError ? message : 'The kernel answered without a result or an error.')
  if (typeof name === 'string') error.name = name
  return error
}
