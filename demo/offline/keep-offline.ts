/** Lets the browser keep the site's files, once the page has all that it needs itself. */
export function keepOffline(): void {
  // In development the files change, and there is no worker.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const register = (): void => {
    navigator.serviceWorker
      .register(new URL('service-worker.js', document.baseURI))
      // Without it the page works all the same, with a network.
      .catch(() => undefined)
  }
  if (document.readyState === 'complete') register()
  else addEventListener('load', register, { once: true })
}
