/**
 * Registers the service worker that caches the site's code and the data of this page, after the page has
 * loaded.
 *
 * @param folder the absolute URL of the page's data, with a trailing slash; undefined: it has none
 */
export function keepOffline(folder?: string): void {
  // In development, files change and there is no service worker.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const register = async (): Promise<void> => {
    await navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI))
    const { active } = await navigator.serviceWorker.ready
    if (folder !== undefined) active?.postMessage({ folder })
  }
  const start = (): void => {
    // Without the service worker, the page still works online.
    register().catch(() => undefined)
  }
  if (document.readyState === 'complete') start()
  else addEventListener('load', start, { once: true })
}
