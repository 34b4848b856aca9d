import { UnsupportedError } from './errors.js'

/**
 * For a failed import(): `await import('./chunk.js').catch(explainFailedImport)`.
 *
 * @throws UnsupportedError in a service worker, where browsers refuse import(); elsewhere the error itself
 */
export function explainFailedImport(error: unknown): never {
  if (!isServiceWorker()) throw error
  throw new UnsupportedError(
    'import()',
    'gradlens loads some of its modules when they are first needed, and browsers refuse import() in a service worker. ' +
      "Import every name from 'gradlens/bundle' and backends from 'gradlens/wasm/bundle' or 'gradlens/webgpu/bundle', " +
      'which are one module each. In a classic service worker, load gradlens.global.js and wasm.global.js with importScripts.',
    { cause: error },
  )
}

const isServiceWorker = (): boolean => 'ServiceWorkerGlobalScope' in globalThis
