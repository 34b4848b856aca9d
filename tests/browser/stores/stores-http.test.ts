import { HttpStore } from 'gradlens'
import { expect, it } from 'vitest'

/** The test server serves what is in public/ as it is. */
const directory = new URL('/mnist/', location.href)
const key = 'held-out-labels.bin'

it('reads files and ranges in a page, and bypasses its cache for a second request', async () => {
  const store = new HttpStore(directory)
  const bytes = new Uint8Array(await (await fetch(new URL(key, directory))).arrayBuffer())
  expect(bytes.length).toBeGreaterThan(200)
  expect(await store.get(key)).toEqual(bytes)
  expect(await store.getRange(key, { offset: 100, length: 50 })).toEqual(bytes.slice(100, 150))
  expect(await store.getRange(key, { suffixLength: 50 })).toEqual(bytes.slice(-50))
  expect(await store.get(key, { reload: true })).toEqual(bytes)
})

it('accepts an address relative to the page', async () => {
  const store = new HttpStore(directory.pathname)
  expect((await store.get(key))?.length).toBeGreaterThan(200)
})

it("rejects with the signal's reason while it reads", async () => {
  const controller = new AbortController()
  const read = new HttpStore(directory).get(key, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(read).rejects.toThrow('enough')
})

it('says that a server cannot be reached', async () => {
  const store = new HttpStore('http://127.0.0.1:1/', { retries: 1, retryDelayMs: 1 })
  await expect(store.get(key)).rejects.toMatchObject({ name: 'StoreError', failure: 'unreachable' })
})
