/**
 * Caches the code of the site, and the data of each page that is visited, one cache per build, so that
 * visited pages work offline.
 */
import { sliceResponse } from './offline/slice-response.js'

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}

interface FetchEvent extends ExtendableEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

/** A page asks to keep the files in its folder. */
interface FolderEvent extends ExtendableEvent {
  readonly data: { readonly folder: string }
}

interface Scope {
  readonly registration: { readonly scope: string }
  readonly clients: { claim(): Promise<void> }
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'message', listener: (event: FolderEvent) => void): void
}

const scope = self as unknown as Scope

/** The build replaces this string by the lists of files. */
const { version, code, data } = JSON.parse('__SITE_FILES__') as {
  readonly version: string
  /** The files that all pages share. */
  readonly code: readonly string[]
  /** The files in the folders of the pages' data. */
  readonly data: readonly string[]
}
const base = scope.registration.scope
const prefix = `gradlens ${base} `
const cacheName = prefix + version

scope.addEventListener('install', (event) => {
  event.waitUntil(keep(code))
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

scope.addEventListener('message', (event) => {
  const { folder } = event.data
  const files = data.filter((file) => new URL(file, base).href.startsWith(folder))
  // Without the connection, the next visit tries again.
  event.waitUntil(keep(files).catch(() => undefined))
})

/** Adds the files that are not in the cache yet. */
async function keep(files: readonly string[]): Promise<void> {
  const cache = await caches.open(cacheName)
  const kept = new Set((await cache.keys()).map(({ url }) => url))
  const requests = files
    .map((file) => ({ file, url: new URL(file, base) }))
    .filter(({ url }) => !kept.has(url.href))
    .map(({ file, url }) => {
      // The names of assets change with their content, so the browser's copy is the right one.
      const cacheMode = file.startsWith('assets/') ? 'default' : 'no-cache'
      return new Request(url, { cache: cacheMode })
    })
  await cache.addAll(requests)
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
