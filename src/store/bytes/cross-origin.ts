/**
 * Whether the server behind an address of another origin answers, and the page may not read it: a browser says no more of it
 * than of a server that is not there.
 */
export async function isForbidden(url: URL, signal: AbortSignal): Promise<boolean> {
  const origin = pageOrigin()
  if (origin === undefined || origin === url.origin) return false
  try {
    // What comes of it can be read by nobody, but it comes.
    await fetch(url, { method: 'HEAD', mode: 'no-cors', cache: 'no-store', signal })
    return true
  } catch {
    return false
  }
}

export const forbiddenReason = (url: URL): string =>
  `its server answers, but does not let pages of ${String(pageOrigin())} read it. Have it send ` +
  `'Access-Control-Allow-Origin: *' (and, for headers of your own or a store in shards, ` +
  `'Access-Control-Allow-Headers' with their names or Range), or serve the store from the page's own origin instead of ` +
  url.origin

/** Undefined outside of pages, where every server may be read. */
const pageOrigin = (): string | undefined =>
  (globalThis as { readonly location?: { readonly origin: string } }).location?.origin
