import { type ConnectOptions, connectExplainers, type RemoteExplainers } from 'gradlens/worker'
import { onTestFinished } from 'vitest'

// Each address is written out, since Vite finds workers by this pattern alone.
const workers = {
  explaining: () => new Worker(new URL('./explain-worker.ts', import.meta.url), { type: 'module' }),
  silent: () => new Worker(new URL('./silent-worker.ts', import.meta.url), { type: 'module' }),
  failing: () => new Worker(new URL('./failing-worker.ts', import.meta.url), { type: 'module' }),
  throwing: () => new Worker(new URL('./throwing-worker.ts', import.meta.url), { type: 'module' }),
  missing: () => new Worker('/no-such-worker.js', { type: 'module' }),
}

/** Starts a worker with a thread of its own. */
export const startWorker = (name: keyof typeof workers = 'explaining'): Worker => workers[name]()

/** The explainers of a worker, which ends with the test. */
export function connectWorker(
  name: keyof typeof workers = 'explaining',
  options: ConnectOptions = {},
): RemoteExplainers {
  const explainers = connectExplainers(startWorker(name), options)
  onTestFinished(() => {
    explainers.dispose()
  })
  return explainers
}
