import type { Progress } from 'gradlens'
import type { FromWorker, MethodName, Methods, Start, ToWorker } from './protocol.js'

export interface WorkOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export type Handlers = {
  readonly [Name in MethodName]: (
    callArguments: Methods[Name]['arguments'],
    options: WorkOptions,
  ) => Promise<Methods[Name]['result']>
}

/** The part of a worker's scope that this module uses. */
export interface WorkerScope {
  postMessage(message: FromWorker): void
}

/**
 * Returns a function that takes the page's messages, in order. It runs calls one at a time, so
 * that a short call is not slowed by the next. A call that is cancelled while it waits never starts.
 */
export function serve(
  scope: WorkerScope,
  createHandlers: (start: Start) => Handlers,
): (message: ToWorker) => void {
  const controllers = new Map<number, AbortController>()
  let handlers: Handlers | undefined
  let last: Promise<void> = Promise.resolve()

  const answer = async <Name extends MethodName>(
    id: number,
    method: Name,
    callArguments: Methods[Name]['arguments'],
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      signal.throwIfAborted()
      if (handlers === undefined) throw new Error('The worker was called before it was started.')
      const onProgress = (progress: Progress): void => {
        scope.postMessage({ kind: 'progress', id, progress })
      }
      const result = await handlers[method](callArguments, { signal, onProgress })
      scope.postMessage({ kind: 'result', id, result })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      scope.postMessage({ kind: 'failure', id, message })
    } finally {
      controllers.delete(id)
    }
  }

  return (message) => {
    if (message.kind === 'start') {
      handlers = createHandlers(message)
    } else if (message.kind === 'cancel') {
      controllers.get(message.id)?.abort()
    } else {
      const { id, method } = message
      const controller = new AbortController()
      controllers.set(id, controller)
      last = last.then(() => answer(id, method, message.arguments, controller.signal))
    }
  }
}
