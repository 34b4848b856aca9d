/**
 * True if a server of another origin answers but the page may not read it. The browser's error is the same as for a
 * server that does not exist.
 */
export async function isForbidden(url: URL, signal: AbortSignal): Promise<boolean> {
  const origin = getPageOrigin()
  if (origin === undefined || origin === url.origin) return false
  try {
    // The answer can't be read, but it shows that the server exists.
    await fetch(url, { method: 'HEAD', mode: 'no-cors', cache: 'no-store', signal })
    return true
  } catch {
    return false
  }
}

export const explainForbidden = (url: URL): string =>
  `the server answers, but does not let pages of ${String(getPageOrigin())} read it. Have it send ` +
  `'Access-Control-Allow-Origin: *' (and, for headers of your own or a store in shards, ` +
  `'Access-Control-Allow-Headers' with their names or Range), or serve the store from the page's own origin instead of ` +
  url.origin

/** The origin of the page; undefined outside of pages, where every server can be read. */
const getPageOrigin = (): string | undefined =>
  (globalThis as { readonly location?: { readonly origin: string } }).location?.origin
