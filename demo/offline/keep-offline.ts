/** Registers the service worker that caches the site's files, after the page has loaded. */
export function keepOffline(): void {
  // In development, files change and there is no service worker.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const register = (): void => {
    navigator.serviceWorker
      .register(new URL('service-worker.js', document.baseURI))
      // Without the service worker, the page still works online.
      .catch(() => undefined)
  }
  if (document.readyState === 'complete') register()
  else addEventListener('load', register, { once: true })
}
