/**
 * Caches all files of the site, one cache per build, so that it works offline after the first
 * visit.
 */
import { sliceResponse } from './offline/slice-response.js'

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}

interface FetchEvent extends ExtendableEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

interface Scope {
  readonly registration: { readonly scope: string }
  readonly clients: { claim(): Promise<void> }
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
}

const scope = self as unknown as Scope

/** The build replaces this string by the list of files. */
const { version, kept } = JSON.parse('__SITE_FILES__') as {
  readonly version: string
  readonly kept: readonly string[]
}
const base = scope.registration.scope
const prefix = `gradlens ${base} `
const cacheName = prefix + version

scope.addEventListener('install', (event) => {
  event.waitUntil(cacheAll())
})

// An old worker serves until its last page is closed, so that each page finds the files of its
// build.
scope.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith(prefix) && name !== cacheName)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => scope.clients.claim()),
  )
})

scope.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method === 'GET' && request.url.startsWith(base)) {
    event.respondWith(answer(request, event))
  }
})

async function cacheAll(): Promise<void> {
  const cache = await caches.open(cacheName)
  await cache.addAll(kept.map((file) => new Request(new URL(file, base), { cache: 'no-cache' })))
}

/** Responds from the cache, or from the network and then adds the file to the cache. */
async function answer(request: Request, event: FetchEvent): Promise<Response> {
  const cache = await caches.open(cacheName)
  const url = new URL(request.url)
  const file = url.href === base + url.search ? new URL('index.html', base) : url
  const range = request.headers.get('range')
  const found = await cache.match(file, { ignoreSearch: true, ignoreVary: true })
  if (found !== undefined) return range === null ? found : sliceResponse(found, range)
  const response = await fetch(request)
  if (response.status === 200) {
    // The page reads the file while it is cached, and shows how far it is.
    event.waitUntil(cache.put(file, response.clone()).catch(() => undefined))
  }
  return response
}
