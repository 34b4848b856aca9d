import type { FromWorkshop, ToWorkshop } from './messages.js'
import { Workshop } from './workshop.js'

type Method = (...given: unknown[]) => unknown

/** Runs the workshop's methods for the page. */
export function serve(): void {
  const workshop = new Workshop() as unknown as Readonly<Record<string, Method>>
  const running = new Map<number, AbortController>()
  const answer = (message: FromWorkshop): void => {
    self.postMessage(message)
  }
  const call = async ({
    id,
    method,
    arguments: given,
  }: ToWorkshop & { kind: 'call' }): Promise<void> => {
    const controller = new AbortController()
    running.set(id, controller)
    const onProgress = (done: number, total: number): void => {
      answer({ kind: 'progress', id, done, total })
    }
    try {
      const value = await workshop[method]?.(...given, { signal: controller.signal, onProgress })
      answer({ kind: 'result', id, value })
    } catch (error) {
      const [name, message] =
        error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
      answer({ kind: 'failure', id, name, message })
    } finally {
      running.delete(id)
    }
  }
  self.addEventListener('message', ({ data }: MessageEvent<ToWorkshop>) => {
    if (data.kind === 'call') void call(data)
    else running.get(data.id)?.abort()
  })
}
