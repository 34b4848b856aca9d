import { explainFailedImport } from '../failed-import.js'
import { StoreError } from '../errors.js'
import type { ByteStore } from './bytes/byte-store.js'
import type { GradientReader } from './zarr/reading/gradient-reader.js'
import type { StoreOpenOptions } from './zarr/reading/open-reader.js'

/**
 * Opens the gradients in a store. The code that reads Zarr is loaded on first use.
 *
 * @throws StoreError if there is no store of gradients, it cannot be reached, or its metadata are damaged
 */
export async function openGradientStore(
  store: ByteStore,
  options: StoreOpenOptions = {},
): Promise<GradientReader> {
  const { openReader } = await import('./zarr/reading/open-reader.js').catch(explainFailedImport)
  const reader = await openReader(store, options)
  if (reader !== undefined) return reader
  throw new StoreError(
    'missing',
    `No store of gradients was found: ${store.locate?.('zarr.json') ?? 'zarr.json'} is missing. Fit with this ` +
      'store first, or check its address.',
  )
}
