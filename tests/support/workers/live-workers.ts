import { vi } from 'vitest'

const live = new Set<Worker>()

// A Worker cannot be asked whether it still runs, so that they are noted where they start and end.
if (typeof Worker !== 'undefined') {
  const Native = Worker
  globalThis.Worker = class extends Native {
    constructor(script: string | URL, options?: WorkerOptions) {
      super(script, options)
      live.add(this)
    }

    override terminate(): void {
      live.delete(this)
      super.terminate()
    }
  }
}

/** How many workers of the page run. */
export const liveWorkers = (): number => live.size

/** A worker that starts while its explainer is disposed ends when it has started, which takes a while on a busy machine. */
const endTimeoutMs = 60_000

/** Waits until as many workers run as expected, or as long as it may take. */
export async function workersSettle(expected: number): Promise<void> {
  const end = performance.now() + endTimeoutMs
  while (live.size > expected && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Ends all workers of the page without anyone being told. */
export function endWorkers(): void {
  for (const worker of live) worker.terminate()
}

/** Until the returned function is called, no worker can be started. */
export function refuseWorkers(reason: Error): () => void {
  const refused = vi.spyOn(globalThis, 'Worker').mockImplementation(function () {
    throw reason
  })
  return () => {
    refused.mockRestore()
  }
}
