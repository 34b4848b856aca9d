import { GradientSimilarity, HttpStore, MemoryStore } from 'gradlens'
import { expect, it, onTestFinished } from 'vitest'
import { commands } from 'vitest/browser'
import type { serverCommands } from '../../support/browser-servers.js'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'

type WithoutContext<Command> = Command extends (_: never, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never

const { openServer, closeServer } = commands as unknown as {
  [Name in keyof typeof serverCommands]: WithoutContext<(typeof serverCommands)[Name]>
}

const loss = 'sparseCategoricalCrossentropy'
const quick = { retryDelayMs: 1, retries: 2 }
const forAll = { 'Access-Control-Allow-Origin': '*' }

/** A server of another origin, its requests and its end. */
async function serve(
  files: Readonly<Record<string, readonly number[]>>,
  headers: Readonly<Record<string, string>>,
  answers?: number,
): Promise<{ url: string; close: () => Promise<string[]> }> {
  const url = await openServer(files, { headers, ...(answers === undefined ? {} : { answers }) })
  let closed: Promise<string[]> | undefined
  const close = (): Promise<string[]> => (closed ??= closeServer(url))
  onTestFinished(async () => {
    await close()
  })
  return { url, close }
}

async function storedFiles(): Promise<Record<string, number[]>> {
  const store = new MemoryStore()
  const options = { precomputeGrads: true, store, storeRowsPerChunk: 2 }
  using explainer = new GradientSimilarity(classifier(), loss, options)
  await explainer.fit(trainX, trainClasses)
  const entries = store
    .keys()
    .map(async (key): Promise<[string, number[]]> => [key, [...((await store.get(key)) ?? [])]])
  return Object.fromEntries(await Promise.all(entries))
}

it('reads from a server of another origin that allows it, also in parts, without a preflight', async () => {
  const bytes = Array.from({ length: 300 }, (_, i) => i % 256)
  const { url, close } = await serve({ 'a/c.0': bytes }, forAll)
  const store = new HttpStore(url, quick)
  expect(await store.get('a/c.0')).toEqual(Uint8Array.from(bytes))
  const part = await store.getRange('a/c.0', { offset: 100, length: 50 })
  expect(part).toEqual(Uint8Array.from(bytes.slice(100, 150)))
  expect(await close()).toEqual(['GET /a/c.0', 'GET /a/c.0'])
})

it("says what to do if a server of another origin refuses, and doesn't try again", async () => {
  const { url, close } = await serve({ 'zarr.json': [1] }, {})
  await expect(new HttpStore(url, quick).get('zarr.json')).rejects.toMatchObject({
    name: 'StoreError',
    failure: 'unreachable',
    message: expect.stringMatching(
      /zarr\.json cannot be read: the server answers, .* 'Access-Control-Allow-Origin: \*'/,
    ) as string,
  })
  expect(await close()).toEqual(['GET /zarr.json', 'HEAD /zarr.json'])
})

it('ranks from another origin, and reports when it becomes unreachable', async () => {
  const files = await storedFiles()
  const { url } = await serve(files, forAll)
  using whole = await GradientSimilarity.open(new HttpStore(url, quick), classifier(), loss)
  expect((await whole.explain(testX)).scores.shape).toEqual([testX.length, trainX.length])

  const opening = Object.keys(files).filter((key) => key.endsWith('zarr.json')).length + 1
  const broken = await serve(files, forAll, opening + 3)
  using explainer = await GradientSimilarity.open(
    new HttpStore(broken.url, quick),
    classifier(),
    loss,
  )
  await expect(explainer.explain(testX)).rejects.toMatchObject({
    name: 'StoreError',
    failure: 'unreachable',
    message: expect.stringContaining('chunk') as string,
  })
})
