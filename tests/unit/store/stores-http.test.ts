import {
  HttpStore,
  type HttpStoreOptions,
  MemoryStore,
  openGradientStore,
  type StoreError,
} from 'gradlens'
import type { ServerResponse } from 'node:http'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createDeferred } from '../../support/deferred.js'
import { answerRange, serve, type Handler } from '../../support/stores/http-server.js'
import { storedRows, writeRows } from '../../support/stores/written-store.js'

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)

/** The usual number of tries, without a pause between them. */
const quick: HttpStoreOptions = { retryDelayMs: 1 }

/** A store behind a server that answers the requests in turn, the last answer for good; and how many there were. */
async function storeOf(
  answers: Handler[],
  options: HttpStoreOptions = quick,
): Promise<{ store: HttpStore; requests: () => number }> {
  let count = 0
  const url = await serve((request, response) => {
    answers[Math.min(count++, answers.length - 1)]!(request, response)
  })
  return { store: new HttpStore(url, options), requests: () => count }
}

const right: Handler = (request, response) => {
  answerRange(request, response, bytes)
}

const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(code, headers).end('no')
  }

const ignoresRanges: Handler = (_, response) => {
  response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes)
}

const endless: Handler = (_, response) => {
  response.writeHead(200)
  const more = (): void => {
    if (!response.destroyed) response.write(bytes, () => setImmediate(more))
  }
  more()
}

/** Sends a half, and breaks off. */
const dropped: Handler = (_, response) => {
  response.writeHead(200, { 'Content-Length': bytes.length })
  response.write(bytes.subarray(0, 500), () => response.destroy())
}

const silent: Handler = (_, response) => {
  response.writeHead(200, { 'Content-Length': bytes.length })
  response.write(bytes.subarray(0, 500))
}

async function rejection(promise: Promise<unknown>): Promise<StoreError> {
  try {
    await promise
  } catch (error) {
    return error as StoreError
  }
  return expect.fail('It did not reject.')
}

it('reads all bytes, ranges and the last bytes', async () => {
  const { store } = await storeOf([right])
  expect(await store.get('a')).toEqual(bytes)
  expect(await store.getRange('a', { offset: 300, length: 20 })).toEqual(bytes.slice(300, 320))
  expect(await store.getRange('a', { suffixLength: 20 })).toEqual(bytes.slice(980))
})

it('cuts the range out of the answer of a server that ignores ranges', async () => {
  const { store } = await storeOf([ignoresRanges])
  expect(await store.getRange('a', { offset: 300, length: 20 })).toEqual(bytes.slice(300, 320))
  expect(await store.getRange('a', { suffixLength: 20 })).toEqual(bytes.slice(980))
})

it('reads no further than the range of an endless answer', async () => {
  const { store } = await storeOf([endless])
  const expected = Uint8Array.from({ length: 20 }, (_, i) => bytes[(1500 + i) % 1000]!)
  expect(await store.getRange('a', { offset: 1500, length: 20 })).toEqual(expected)
})

it('refuses to look for the last bytes of an answer of unknown length', async () => {
  const { store } = await storeOf([(_, response) => void response.writeHead(200).end(bytes)])
  const error = await rejection(store.getRange('a', { suffixLength: 20 }))
  expect(error).toMatchObject({ failure: 'unsupported', status: 200 })
})

it.each([
  ['another range', 'bytes 0-19/1000', bytes.slice(0, 20)],
  ['a range of no sense', 'bytes 20', bytes.slice(0, 20)],
  ['too few bytes', 'bytes 300-319/1000', bytes.slice(300, 310)],
])('refuses %s than was asked for', async (_, range, body) => {
  const answer: Handler = (_, response) => {
    response.writeHead(206, { 'Content-Range': range }).end(body)
  }
  const { store } = await storeOf([answer])
  const error = await rejection(store.getRange('a', { offset: 300, length: 20 }))
  expect(error).toMatchObject({ failure: 'damaged', status: 206 })
})

it('refuses a part if all was requested', async () => {
  const { store } = await storeOf([(_, response) => void response.writeHead(206).end(bytes)])
  expect(await rejection(store.get('a'))).toMatchObject({ failure: 'damaged', status: 206 })
})

it.each([404, 410])('finds nothing if the server answers %i', async (code) => {
  const { store, requests } = await storeOf([status(code)])
  expect(await store.get('a')).toBeUndefined()
  expect(requests()).toBe(1)
})

it.each([
  ['500', status(500)],
  ['503', status(503)],
  ['429', status(429, { 'Retry-After': '0' })],
  ['429 until a date that has passed', status(429, { 'Retry-After': new Date(0).toUTCString() })],
  ['a body that breaks off', dropped],
  ['a connection that is cut', (_: unknown, response: ServerResponse) => void response.destroy()],
])('tries again after %s', async (_, failing) => {
  const { store, requests } = await storeOf([failing, failing, right])
  expect(await store.get('a')).toEqual(bytes)
  expect(requests()).toBe(3)
})

it('tries again after a body that stops coming', async () => {
  const { store, requests } = await storeOf([silent, right], { ...quick, timeoutMs: 500 })
  expect(await store.get('a')).toEqual(bytes)
  // A busy machine may take longer for the right answer, too.
  expect(requests()).toBeGreaterThanOrEqual(2)
})

it('gives up after the given number of tries, with the status', async () => {
  const { store, requests } = await storeOf([status(503)], { ...quick, retries: 2 })
  const error = await rejection(store.get('a'))
  expect(error).toMatchObject({ name: 'StoreError', failure: 'unreachable', status: 503 })
  expect(requests()).toBe(3)
})

it.each([400, 401, 403, 416])("doesn't try again after %i", async (code) => {
  const { store, requests } = await storeOf([status(code)])
  expect(await rejection(store.get('a'))).toMatchObject({ failure: 'unreachable', status: code })
  expect(requests()).toBe(1)
})

it('waits as long as the server asks, unless that is too long', async () => {
  const { store } = await storeOf([status(429, { 'Retry-After': '1' }), right])
  const start = performance.now()
  expect(await store.get('a')).toEqual(bytes)
  // A timer may fire up to a millisecond early.
  expect(performance.now() - start).toBeGreaterThan(998)
  const { store: other, requests } = await storeOf([status(429, { 'Retry-After': '3600' }), right])
  expect(await rejection(other.get('a'))).toMatchObject({ status: 429 })
  expect(requests()).toBe(1)
})

it('reports an address where no server answers', async () => {
  const store = new HttpStore('http://127.0.0.1:1/store', { ...quick, retries: 1 })
  const error = await rejection(store.get('a'))
  expect(error).toMatchObject({ failure: 'unreachable', status: undefined })
  expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:1\/store\/a cannot be read: .+\.$/)
})

it.each([
  ['that the server announces', ignoresRanges],
  [
    'that only come',
    (_: unknown, response: ServerResponse) => void response.writeHead(200).end(bytes),
  ],
  ['without end', endless],
])('reads no more bytes than its limit of those %s', async (_, answer) => {
  const { store, requests } = await storeOf([answer])
  const error = await rejection(store.get('a', { maxByteLength: 999 }))
  expect(error).toMatchObject({ failure: 'damaged' })
  expect(error.message).toContain('expected no more than 999 bytes')
  expect(requests()).toBe(1)
})

it('shares a request between equal reads, and returns each its own bytes', async () => {
  const { store, requests } = await storeOf([right])
  const [first, second] = await Promise.all([store.get('a'), store.get('a')])
  first!.fill(0)
  expect(second).toEqual(bytes)
  expect(await store.get('a')).toEqual(bytes)
  expect(requests()).toBe(1)
})

it("writes into a given buffer, and doesn't cache a scan longer than its cache", async () => {
  const { store, requests } = await storeOf([right], { ...quick, cacheByteLength: 2000 })
  const buffer = new ArrayBuffer(1000)
  const options = { scanByteLength: 2001, buffer }
  const first = await store.get('a', options)
  expect(first).toEqual(bytes)
  // It has moved on with the bytes.
  expect(buffer.byteLength).toBe(0)
  const tooShort = new ArrayBuffer(999)
  expect(await store.get('a', { ...options, buffer: tooShort })).toEqual(bytes)
  expect(tooShort.byteLength).toBe(999)
  expect(requests()).toBe(2)
})

it("reads bodies that aren't byte streams", async () => {
  const parts = [bytes.slice(0, 3), bytes.slice(3, 700), bytes.slice(700)]
  const body = new ReadableStream({
    pull: (controller) => {
      const part = parts.shift()
      if (part === undefined) controller.close()
      else controller.enqueue(part)
    },
  })
  const fetching = vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(new Response(body))
  onTestFinished(() => {
    fetching.mockRestore()
  })
  expect(await new HttpStore('http://127.0.0.1:1/', quick).get('a')).toEqual(bytes)
})

it('continues a shared request when one reader aborts, and ends it when all have', async () => {
  let ended = 0
  const answered = createDeferred<undefined>()
  const waiting: Handler = (request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) ended++
    })
    void answered.promise.then(() => {
      answerRange(request, response, bytes)
    })
  }
  const { store, requests } = await storeOf([waiting])
  const [first, second, third] = Array.from({ length: 3 }, () => new AbortController())
  const read = store.get('a', { signal: first!.signal })
  const other = store.get('a', { signal: second!.signal })
  const last = store.get('b', { signal: third!.signal })
  await expect.poll(requests).toBe(2)

  first!.abort(new Error('enough'))
  await expect(read).rejects.toThrow('enough')
  third!.abort(new Error('enough too'))
  await expect(last).rejects.toThrow('enough too')
  await expect.poll(() => ended).toBe(1)

  answered.resolve(undefined)
  expect(await other).toEqual(bytes)
  expect([requests(), ended]).toEqual([2, 1])
})

it('caches the most recently used answers, and requests a damaged one again', async () => {
  const { store, requests } = await storeOf([right], { ...quick, cacheByteLength: 2000 })
  const read = async (...keys: string[]): Promise<number> => {
    const before = requests()
    for (const key of keys) await store.get(key)
    return requests() - before
  }
  expect(await read('a', 'b', 'a', 'b')).toBe(2)
  expect(await read('a', 'c', 'a')).toBe(1)
  expect(await read('b')).toBe(1)
  await store.get('b', { reload: true })
  expect(requests()).toBe(5)
})

it('sends the given headers with every request, and keeps the query of a signed address', async () => {
  const seen: (string | undefined)[] = []
  const url = await serve((request, response) => {
    seen.push(request.url, request.headers.authorization)
    right(request, response)
  })
  const requestInit = { headers: { Authorization: 'Bearer 1' } }
  await new HttpStore(`${url}?token=2`, { requestInit }).get('labels/c.0')
  expect(seen).toEqual(['/store/labels/c.0?token=2', 'Bearer 1'])
})

it.each(['../secret', '/etc/passwd', 'a//b', '', 'a/./b', 'https://example.org/a', 'a\\b'])(
  'refuses the key %j',
  async (key) => {
    const { store, requests } = await storeOf([right])
    await expect(store.get(key)).rejects.toMatchObject({ name: 'InvalidArgumentError' })
    expect(requests()).toBe(0)
  },
)

it.each(['ftp://example.org', 'file:///etc', 'store'])('refuses the address %j', (url) => {
  expect(() => new HttpStore(url)).toThrow('a URL with http or https')
})

it('reads a store of gradients from a server that fails now and then', async () => {
  const written = new MemoryStore()
  await writeRows(written, 5)
  let count = 0
  const damaged = new Set<string>()
  const url = await serve((request, response) => {
    const key = request.url!.slice('/store/'.length)
    void written.get(key).then((content) => {
      if (content === undefined) response.writeHead(404).end()
      else if (++count % 7 === 3) response.writeHead(500).end()
      else {
        // Each chunk is damaged on its way once.
        if (key.includes('/c.') && !damaged.has(key)) content[0]! ^= 1
        damaged.add(key)
        answerRange(request, response, content)
      }
    })
  })
  const reader = await openGradientStore(new HttpStore(url, quick))
  const { block, squaredNorms } = await reader.readGradients(0, 10)
  expect(block).toEqual(storedRows.block)
  expect(squaredNorms).toEqual(storedRows.squaredNorms)
})

it('reads a page instead of a JSON file as a missing file, and names its address', async () => {
  const page = Buffer.from('<!doctype html>')
  const { store } = await storeOf([(_, response) => void response.writeHead(200).end(page)])
  expect(await store.get('zarr.json')).toBeUndefined()
  expect(await store.get('labels/c.0')).toEqual(new Uint8Array(page))
  expect(await rejection(openGradientStore(store))).toMatchObject({
    failure: 'missing',
    message: expect.stringContaining(`${store.locate('zarr.json')} is missing`) as string,
  })
})

it('names the array and the chunk that the server does not have', async () => {
  const written = new MemoryStore()
  await writeRows(written, 5)
  const url = await serve((request, response) => {
    const key = request.url!.slice('/store/'.length)
    void written.get(key).then((content) => {
      if (content === undefined || key === 'labels/c.1.0') response.writeHead(404).end()
      else answerRange(request, response, content)
    })
  })
  const reader = await openGradientStore(new HttpStore(url, quick))
  expect(await rejection(reader.readLabels(0, 10))).toMatchObject({
    failure: 'missing',
    array: 'labels',
    chunk: 1,
  })
})
